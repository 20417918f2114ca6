internal import Kernel
internal import Relay
internal import Resolver

/// Watching sockets that are neither read nor written at present.
///
/// A poll ends as soon as the peer has sent FIN, whatever it was to wait for, and would end again
/// at once. So where a FIN may have come already a watch waits: it completes once for each change.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    // MARK: A sink without room

    /// The sink that had no room has some, or has ended or broken.
    mutating func didWatchSink(
        _ direction: Direction,
        _ completion: Completion,
        _ worker: inout Worker
    ) {
        let result = completion.result
        guard result >= 0 || result == -Errno.canceled else {
            return fail(source: direction.reverse, -result, &worker)
        }
        let events = PollEvents(rawValue: UInt32(bitPattern: max(result, 0)))
        let hasNews = !events.isDisjoint(with: [.writable, .error, .hangUp])
        if completion.hasMore {
            // The watch has served its purpose; the next step waits until it has gone.
            guard hasNews else { return }
            return cancel(.watchSink, detail: direction.rawValue, &worker)
        }
        guard hasNews || result < 0 else {
            let token = submitted(.watchSink, direction.rawValue)
            return worker.queue.watch(sink(direction), events: .writable, token: token)
        }
        take(duplex[direction].sinkIsReady(), direction, &worker)
    }

    // MARK: A source that isn't read

    /// Watches the source of `direction`, which isn't being read, for a reset.
    mutating func watchHangUp(_ direction: Direction, _ worker: inout Worker) {
        if holdings[direction].hasBroken { return sourceBroke(direction, &worker) }
        guard !holdings[direction].watchesHangUp, source(direction) >= 0 else { return }
        holdings[direction].watchesHangUp = true
        let token = submitted(.watchHangUp, direction.rawValue)
        worker.queue.watch(source(direction), events: [], token: token)
    }

    /// A source that isn't being read has ended, or broken; so has a client that waits for long.
    ///
    /// An end is noticed again when its bytes have been read.
    mutating func didHangUp(
        _ direction: Direction,
        _ completion: Completion,
        _ worker: inout Worker
    ) {
        if !completion.hasMore { holdings[direction].watchesHangUp = false }
        let events = PollEvents(rawValue: UInt32(bitPattern: max(completion.result, 0)))
        guard events.contains(.error) else {
            // A reset that somebody has been told of looks like both ends.
            if events.contains(.peerEnded), !events.contains(.hangUp) {
                holdings[direction].hasSentEnd = true
            }
            // The flow may have come to need the watch while it was being given up.
            if !completion.hasMore, state == .relaying, duplex[direction].isHeldUp {
                watchHangUp(direction, &worker)
            }
            return
        }
        let code = Errno.connectionReset
        switch state {
        case .resolving, .dialling, .askingParent, .answering:
            end(Ending(cause: .clientLeft, side: .client, code: code), &worker)
        case .readingHello: fail(source: direction, code, &worker)
        case .relaying: sourceBroke(direction, &worker)
        // The answer to a refusal will meet the same error.
        case .refusing, .closing, .readingHead, .identifying, .free, .handingOver: break
        }
    }
}
