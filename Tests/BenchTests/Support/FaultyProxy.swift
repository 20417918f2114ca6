import Foundation
import Internet

/// A CONNECT proxy, a relay or an echo, with one fault or none.
final class FaultyProxy: @unchecked Sendable {
    private enum Kind { case proxy, relay(Endpoint), echo }

    let endpoint: Endpoint
    /// Signalled for each head, and for all bytes of a stream that come at once.
    let arrivals = DispatchSemaphore(value: 0)
    private let fault: Fault
    private let kind: Kind
    private let listener = Wire.listening()
    /// Guards what follows; a lock that the thread sanitizer knows.
    private let lock = NSLock()
    private var open: [Wire] = []
    private var firstTarget: Endpoint?

    /// A proxy with `fault`.
    static func proxy(_ fault: Fault) -> FaultyProxy { FaultyProxy(.proxy, fault) }

    /// A relay to `target` with `fault`.
    static func relay(to target: Endpoint, _ fault: Fault) -> FaultyProxy {
        FaultyProxy(.relay(target), fault)
    }

    /// An origin that echoes, with `fault` on the way up.
    static func echo(_ fault: Fault) -> FaultyProxy { FaultyProxy(.echo, fault) }

    private init(_ kind: Kind, _ fault: Fault) {
        self.kind = kind
        self.fault = fault
        endpoint = Endpoint(Address(v4: 0x7f00_0001), port: listener.port)
        Thread.detachNewThread { [listener, self] in
            while let client = listener.accept() {
                lock.withLock { open.append(client) }
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    /// Accepts nobody any more, and ends what is open.
    func stop() {
        listener.shut()
        for wire in lock.withLock({ open }) { wire.shut() }
    }

    private func serve(_ client: Wire) {
        switch kind {
        case .proxy: serveRequest(client)
        case .relay(let target):
            if let origin = Wire.connected(to: target) { relay(client, origin, early: []) }
        case .echo: move(from: client, to: client, .up, early: [])
        }
    }

    // MARK: The request

    private func serveRequest(_ client: Wire) {
        guard let (head, target, early) = readHead(client) else { return }
        switch fault {
        case .refuses:
            let answer =
                "HTTP/1.1 403 Forbidden\r\nProxy-Status: test; details=\"no\"; "
                + "error=http_request_denied\r\nContent-Length: 0\r\n\r\n"
            client.send(answer.utf8)
            return client.shut()
        case .babbles:
            client.send("220 mail.example ready\r\n".utf8)
            return client.shut()
        case .hangsUp: return client.shut()
        case .saysNothing:
            // Waits for the client to give up.
            _ = client.receive()
            return
        case .demands(let credentials):
            let word = Data(credentials.utf8).base64EncodedString()
            guard !head.contains("\r\nProxy-Authorization: Basic \(word)\r\n") else { break }
            client.send("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n\r\n".utf8)
            return client.shut()
        case .dallies(let milliseconds): usleep(milliseconds * 1000)
        default: break
        }
        if fault == .consentsThenFails || fault == .consentsThenStalls {
            client.send("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
            return fault == .consentsThenFails ? client.shut() : swallow(client)
        }
        let first = lock.withLock {
            firstTarget = firstTarget ?? target
            return firstTarget
        }
        guard let origin = Wire.connected(to: fault == .misdirects ? first ?? target : target)
        else { return client.shut() }
        client.send("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
        relay(client, origin, early: fault == .forgetsEarlyBytes ? [] : early)
    }

    /// The head, its target, and what came behind it.
    private func readHead(_ client: Wire) -> (String, Endpoint, [UInt8])? {
        var bytes: [UInt8] = []
        while true {
            guard let more = client.receive(), !more.isEmpty else { return nil }
            bytes += more
            guard bytes.count < 65536 else {
                client.send("HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n".utf8)
                client.shut()
                return nil
            }
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
            let head = String(decoding: bytes[..<end.upperBound], as: UTF8.self)
            let words = head.split(separator: " ")
            guard words.count > 1, words[0] == "CONNECT", let target = Endpoint(String(words[1]))
            else { return nil }
            arrivals.signal()
            return (head, target, Array(bytes[end.upperBound...]))
        }
    }

    /// Takes what comes until the client gives up.
    private func swallow(_ client: Wire) {
        while client.receive()?.isEmpty == false {}
    }

    // MARK: The streams

    private func relay(_ client: Wire, _ origin: Wire, early: [UInt8]) {
        lock.withLock { open.append(origin) }
        Thread.detachNewThread { self.move(from: client, to: origin, .up, early: early) }
        move(from: origin, to: client, .down, early: [])
    }

    /// Moves bytes one way until they end, with the fault.
    private func move(from source: Wire, to sink: Wire, _ way: Fault.Way, early: [UInt8]) {
        var position = 0
        var bytes = early
        var kept: [UInt8] = []
        while true {
            if case .pauses(way, let place, let milliseconds) = fault,
                (position..<position + bytes.count).contains(place)
            {
                usleep(milliseconds * 1000)
            }
            var through = kept + fault.apply(to: bytes, at: position, way)
            kept = Array(through.suffix(fault.keptCount(way)))
            through.removeLast(kept.count)
            sink.send(through)
            position += bytes.count
            if isOver(way, position, source, sink) { return }
            guard let more = source.receive() else { return sink.reset() }
            guard !more.isEmpty else { return end(source, sink, way, kept) }
            arrivals.signal()
            bytes = more
        }
    }

    /// Whether the fault is that the stream goes no further than to `position`.
    private func isOver(_ way: Fault.Way, _ position: Int, _ source: Wire, _ sink: Wire) -> Bool {
        switch fault {
        case .ends(way, let place) where place < position:
            source.shut()
            sink.shut()
        case .breaks(way, let place) where place < position:
            source.reset()
            sink.reset()
        case .stalls(way, let place) where place < position: break
        default: return false
        }
        return true
    }

    private func end(_ source: Wire, _ sink: Wire, _ way: Fault.Way, _ kept: [UInt8]) {
        switch fault {
        case .keepsEnd(way): return
        case .adds(way): sink.send([0])
        case .endsBoth(way): source.shut()
        case .trickles(way):
            for byte in kept {
                usleep(Fault.trickle * 1000)
                sink.send([byte])
            }
        default: break
        }
        sink.finish()
    }
}
