package import Kernel

/// The bytes that all streams are made of: one long, random, fixed text.
///
/// A stream begins somewhere in the text and goes round it. Its bytes are sent from here and
/// compared with what stands here, so that a message costs neither an allocation nor the making of
/// its bytes. The length is a prime: what a relay loses or repeats, a buffer or part of one, shifts
/// all that follows to where it doesn't agree.
package struct Pattern: Sendable {
    /// Bytes of the text before it begins again.
    package static var length: UInt64 { 4_194_301 }
    /// Bytes of a slice, at most.
    package static var sliceMax: Int { 256 << 10 }

    private let text: Extent

    init(_ text: Extent) { self.text = text }

    /// The bytes from `position` on of the stream that begins at `start`.
    package func slice(start: UInt32, position: UInt64, count: Int) -> Extent {
        let place = Int((UInt64(start) &+ position) % Pattern.length)
        return text.part(place..<place + min(count, Pattern.sliceMax))
    }

    /// Where `bytes`, received at `position` of a stream, first differ from what was due; nil if
    /// they don't.
    package func firstDifference(_ bytes: Extent, start: UInt32, position: UInt64) -> Int? {
        bytes.firstDifference(from: slice(start: start, position: position, count: bytes.count))
    }

    /// Like `firstDifference`, but looks at the first and the last bytes only.
    ///
    /// Whatever shifts the stream is found, and the memory is not read again.
    package func firstShift(_ bytes: Extent, start: UInt32, position: UInt64) -> Int? {
        let edge = min(bytes.count, 16)
        let head = bytes.part(0..<edge)
        if let found = firstDifference(head, start: start, position: position) { return found }
        let rest = bytes.count - edge
        let tail = bytes.part(rest..<bytes.count)
        return firstDifference(tail, start: start, position: position + UInt64(rest))
            .map { rest + $0 }
    }
}
