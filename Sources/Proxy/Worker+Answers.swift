internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Resolver

/// Answers to requests of the tunnel without CONNECT.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    // MARK: Refusing

    /// Answers that the request is no good, and closes the connection.
    ///
    /// Nothing that the client still sends is parsed.
    mutating func refuse(_ slot: UInt32, _ refusal: Refusal, isOrigin: Bool = true) {
        leaveSession(slot)
        services.counters.refused.add()
        number += 1
        let client = carriers[slot].client
        services.writeRefusal(number, of: client, refusal, since: carriers[slot].began)
        carriers[slot].persists = false
        var sink = ExtentSink(carrierMemory.output(slot))
        Answer.write(
            refusal,
            name: services.terms.name,
            isOrigin: isOrigin,
            allowed: isOrigin ? carriers[slot].target.operation.methods : "CONNECT",
            to: &sink
        )
        send(slot, sink.count)
    }

    // MARK: Whole answers

    /// Answers with a preamble, and `rest` behind it.
    mutating func answer(
        _ slot: UInt32,
        _ result: AnswerResult,
        value: UInt64 = 0,
        refusedStatus: UInt16 = 0,
        rest: [UInt8] = []
    ) {
        var sink = ExtentSink(carrierMemory.output(slot))
        let length = Preamble.byteCount + rest.count
        writeHead(slot, result, .length(UInt64(length)), &sink)
        writePreamble(slot, result, value, refusedStatus, &sink)
        for byte in rest { sink.append(byte) }
        send(slot, sink.count)
    }

    /// Answers that a stream is refused.
    mutating func answer(_ slot: UInt32, refusal: Refusal) {
        let word = Array(refusal.error.word.utf8)
        answer(slot, .refused, refusedStatus: refusal.status, rest: word)
    }

    /// Answers with what the lane has from the request's offset on, maybe nothing.
    mutating func answerLane(_ slot: UInt32, _ index: Int, _ lane: Int) {
        let end = services.sessions.desks[UInt32(index)].session.outlets[lane].end
        let position = carriers[slot].position
        let length = min(Int(end - position), carriers[slot].sizeLeft)
        carriers[slot].lengthLeft = length
        var sink = ExtentSink(carrierMemory.output(slot))
        writeHead(slot, .done, .length(UInt64(Preamble.byteCount + length)), &sink)
        writePreamble(slot, .done, position, 0, &sink)
        carriers[slot].outputCount = sink.count
        guard length > 0 else { return sendReply(slot) }
        sendPiece(slot)
    }

    private func writeHead(
        _ slot: UInt32,
        _ result: AnswerResult,
        _ body: BodyFraming,
        _ sink: inout ExtentSink
    ) {
        AnswerHead(
            result,
            body: body,
            persists: carriers[slot].persists && goesOn,
            minorVersion: carriers[slot].head?.minorVersion ?? 1
        ).write(to: &sink)
    }

    private func writePreamble(
        _ slot: UInt32,
        _ result: AnswerResult,
        _ value: UInt64,
        _ refusedStatus: UInt16,
        _ sink: inout ExtentSink
    ) {
        Preamble(
            result,
            serial: carriers[slot].target.serial,
            value: value,
            refusedStatus: refusedStatus
        ).write(to: &sink)
    }

    private mutating func send(_ slot: UInt32, _ count: Int) {
        carriers[slot].outputSent = 0
        carriers[slot].outputCount = count
        sendReply(slot)
    }

    // MARK: Bytes of a lane

    /// Sends the next piece of an answer whose length is known, behind what has been written.
    ///
    /// The client may say that it has what it was never sent, or end its session: then this answer
    /// can't be what it was to be, and the connection ends.
    private mutating func sendPiece(_ slot: UInt32) {
        let count = min(carriers[slot].lengthLeft, CarrierMemory.pieceMax)
        guard copyLane(slot, count) else { return terminateCarrier(slot) }
        carriers[slot].lengthLeft -= count
        sendReply(slot)
    }

    /// Copies the next `count` bytes of the carrier's lane behind what has been written; whether
    /// they are still kept.
    private mutating func copyLane(_ slot: UInt32, _ count: Int) -> Bool {
        guard let index = liveSession(of: slot), let lane = carriers[slot].lane else {
            return false
        }
        let outlet = services.sessions.desks[UInt32(index)].session.outlets[lane]
        guard carriers[slot].position >= outlet.acknowledged else { return false }
        let ring = services.sessions.ring(index, lane)
        let output = carrierMemory.output(slot)
        var left = count
        while left > 0 {
            let piece = outlet.piece(from: carriers[slot].position, countMax: left)
            let start = carriers[slot].outputCount
            ring.part(piece).copy(to: output.part(start..<(start + piece.count)))
            carriers[slot].outputCount += piece.count
            carriers[slot].position += UInt64(piece.count)
            left -= piece.count
        }
        return true
    }

    /// All that was written has been sent: what the answer still lacks, or the next request.
    mutating func didSendAll(_ slot: UInt32) {
        if carriers[slot].lengthLeft > 0 { return sendPiece(slot) }
        guard carriers[slot].isOpenEnded else { return finishRequest(slot) }
        if carriers[slot].isOver { return writeFlowEnd(slot) }
        carriers[slot].state = .flowing
        setWaitDeadline(slot)
        if let index = liveSession(of: slot) { services.sessions.touch(index) }
    }

    // MARK: Streaming

    /// Begins an answer that brings bytes as they come: head and preamble are sent at once.
    mutating func beginFlow(_ slot: UInt32) {
        let isChunked = isChunked(slot)
        if !isChunked { carriers[slot].persists = false }
        carriers[slot].isOpenEnded = true
        var sink = ExtentSink(carrierMemory.output(slot))
        writeHead(slot, .done, isChunked ? .chunked : .untilClose, &sink)
        if isChunked { writeChunkSize(Preamble.byteCount, &sink) }
        writePreamble(slot, .done, carriers[slot].position, 0, &sink)
        if isChunked { sink.append("\r\n") }
        send(slot, sink.count)
    }

    /// Sends bytes of the lane, and the end of the answer behind them if it `isLast`.
    mutating func sendChunk(_ slot: UInt32, _ count: Int, isLast: Bool) {
        precondition(carriers[slot].state == .flowing && count > 0)
        let isChunked = isChunked(slot)
        let output = carrierMemory.output(slot)
        if isChunked {
            var sink = ExtentSink(output)
            writeChunkSize(count, &sink)
            carriers[slot].outputCount = sink.count
        }
        guard copyLane(slot, count) else { return terminateCarrier(slot) }
        carriers[slot].sizeLeft -= count
        let start = carriers[slot].outputCount
        var sink = ExtentSink(output.part(start..<output.count))
        if isChunked { sink.append(isLast ? "\r\n0\r\n\r\n" : "\r\n") }
        if isLast { carriers[slot].isOpenEnded = false }
        carriers[slot].outputCount = start + sink.count
        sendReply(slot)
    }

    /// Ends a streaming answer, now or behind what is being sent.
    mutating func endFlow(_ slot: UInt32) {
        carriers[slot].isOver = true
        if carriers[slot].state == .flowing { writeFlowEnd(slot) }
    }

    private mutating func writeFlowEnd(_ slot: UInt32) {
        carriers[slot].isOpenEnded = false
        guard isChunked(slot) else { return finishRequest(slot) }
        var sink = ExtentSink(carrierMemory.output(slot))
        sink.append("0\r\n\r\n")
        send(slot, sink.count)
    }

    private func isChunked(_ slot: UInt32) -> Bool { carriers[slot].head?.minorVersion != 0 }

    private func writeChunkSize(_ count: Int, _ sink: inout ExtentSink) {
        sink.append(hexadecimal: UInt16(count))
        sink.append("\r\n")
    }
}
