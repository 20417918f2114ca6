import Relay
import Testing

@Suite struct FlowTests {
    private let auto = FlowRules(way: .auto, largeSize: 1000, promoteAfter: 3)
    private let copy = FlowRules(way: .copy, largeSize: 1000, promoteAfter: 3)
    private let splice = FlowRules(way: .splice, largeSize: 1000, promoteAfter: 3)

    /// Receives and sends one buffer of `count` bytes; the step after it.
    private func relay(
        _ flow: inout Flow,
        _ count: Int,
        _ rules: FlowRules,
        more: Bool = true
    ) -> Flow.Step {
        #expect(flow.received(count, rules) == .send)
        #expect(flow.sent(count) == .releaseBuffer)
        return flow.next(rules, sourceHasMore: more)
    }

    @Test func `a message is received, sent, and its buffer released before the next receive`() {
        var flow = Flow()
        #expect(flow.start(auto) == .receive(afterPoll: true))
        #expect(flow.received(64, auto) == .send)
        #expect(flow.held == 64)
        #expect(flow.sent(64) == .releaseBuffer)
        #expect(flow.next(auto, sourceHasMore: false) == .receive(afterPoll: true))
        #expect(flow.delivered == 64)
        #expect(!flow.wasBulk)
    }

    @Test func `a receive that goes on needs no other for the next message`() {
        var flow = Flow()
        _ = flow.start(auto)
        for _ in 0..<3 {
            #expect(flow.received(64, goesOn: true, auto) == .send)
            #expect(flow.sent(64) == .releaseBuffer)
            #expect(flow.next(auto, sourceHasMore: false) == .none)
            #expect(flow.phase == .receiving && flow.isArmed)
        }
        #expect(relay(&flow, 64, auto, more: false) == .receive(afterPoll: true))
        #expect(!flow.isArmed)
        #expect(flow.delivered == 256)
    }

    @Test func `what comes while bytes are sent goes behind them`() {
        var flow = Flow()
        _ = flow.start(auto)
        _ = flow.received(64, goesOn: true, auto)
        flow.receiveEnded()
        #expect(flow.sent(64) == .releaseBuffer)
        #expect(flow.receivedMeanwhile(1000, auto) == .send)
        #expect(flow.offset == 0 && flow.held == 1000)
        #expect(flow.sent(100) == .watchSink)
        flow.joined(50)
        #expect(flow.held == 950)
        #expect(flow.sinkIsReady() == .send)
        #expect(flow.sent(950) == .releaseBuffer)
        #expect(flow.next(auto, sourceHasMore: true) == .receive(afterPoll: false))
        #expect(flow.delivered == 1114)
    }

    @Test func `a flow is bulk only when no receive goes on any more`() {
        let rules = FlowRules(way: .auto, largeSize: 1000, promoteAfter: 1)
        var flow = Flow()
        _ = flow.start(rules)
        _ = flow.received(1000, goesOn: true, rules)
        _ = flow.sent(1000)
        #expect(flow.next(rules, sourceHasMore: true) == .none)
        #expect(flow.phase == .receiving)
        #expect(relay(&flow, 1000, rules) == .moveIn)
    }

    @Test func `a receive that goes on is given up to park`() {
        var flow = Flow()
        _ = flow.start(auto)
        _ = flow.received(64, goesOn: true, auto)
        _ = flow.sent(64)
        _ = flow.next(auto, sourceHasMore: false)
        #expect(flow.park(auto) == .cancelReceive)
        // A message is quicker than the cancel.
        #expect(flow.received(64, goesOn: true, auto) == .send)
        flow.receiveEnded()
        #expect(flow.sent(64) == .releaseBuffer)
        #expect(flow.next(auto, sourceHasMore: false) == .receive(afterPoll: true))
        #expect(flow.park(auto) == .cancelReceive)
        #expect(flow.receiveWasCancelled() == .watchSource)
        #expect(!flow.isArmed)
    }

    @Test func `a flow stands still between messages, and goes on by a poll`() {
        var flow = Flow()
        _ = flow.start(auto)
        _ = relay(&flow, 64, auto, more: false)
        flow.standStill()
        #expect(flow.phase == .standing && flow.delivered == 64)
        #expect(flow.goOn() == .watchSource)
        #expect(flow.sourceIsReady() == .receive(afterPoll: false))
        var bulk = Flow()
        _ = bulk.start(splice)
        #expect(bulk.sourceIsReady() == .moveIn)
        bulk.standStill()
        #expect(bulk.goOn() == .watchSource)
        #expect(bulk.sourceIsReady() == .moveIn)
    }

    @Test func `bytes that came with the head go first`() {
        var flow = Flow()
        #expect(flow.start(holding: 10) == .send)
        #expect(flow.sent(10) == .releaseBuffer)
        #expect(flow.next(splice, sourceHasMore: false) == .watchSource)
    }

    @Test func `a short send goes on from where it stopped, and the flow is stalled meanwhile`() {
        var flow = Flow()
        _ = flow.start(auto)
        _ = flow.received(1000, auto)
        #expect(flow.sent(400) == .watchSink)
        #expect(flow.sinkIsReady() == .send)
        #expect(flow.sent(0) == .watchSink)
        #expect(flow.sinkIsReady() == .send)
        #expect(flow.isStalled)
        #expect(flow.offset == 400)
        #expect(flow.held == 600)
        #expect(flow.sent(600) == .releaseBuffer)
        #expect(!flow.isStalled)
    }

    @Test func `large receives in a row make a flow bulk, and one that is small starts over`() {
        var flow = Flow()
        _ = flow.start(auto)
        for count in [1000, 2000, 999, 1000, 1000] {
            #expect(relay(&flow, count, auto) == .receive(afterPoll: false))
        }
        #expect(relay(&flow, 1000, auto) == .moveIn)
        #expect(flow.isBulk)
    }

    @Test func `copying never becomes bulk`() {
        var flow = Flow()
        _ = flow.start(copy)
        for _ in 0..<300 { #expect(relay(&flow, 1000, copy) == .receive(afterPoll: false)) }
    }

    @Test func `two small moves end bulk, but not where splicing is asked for`() {
        for rules in [auto, splice] {
            var flow = Flow()
            _ = flow.start(splice)
            for count in [499, 500, 499, 499] {
                #expect(flow.isBulk)
                #expect(flow.sourceIsReady() == .moveIn)
                #expect(flow.movedIn(count, rules) == .moveOut)
                _ = flow.movedOut(count)
            }
            #expect(flow.isBulk == (rules == splice))
            #expect(flow.phase == (rules == splice ? .watching : .receiving))
        }
    }

    @Test func `a full sink keeps the pipe's bytes until there is room`() {
        var flow = Flow()
        _ = flow.start(splice)
        _ = flow.sourceIsReady()
        _ = flow.movedIn(5000, splice)
        #expect(flow.movedOut(2000) == .moveOut)
        #expect(flow.sinkIsFull() == .watchSink)
        #expect(flow.held == 3000)
        #expect(flow.isStalled)
        #expect(flow.sinkIsReady() == .moveOut)
        #expect(flow.movedOut(3000) == .watchSource)
        #expect(flow.delivered == 5000)
    }

    @Test func `without a pipe a flow copies, and splices again when it can`() {
        var flow = Flow()
        _ = flow.start(splice)
        _ = flow.sourceIsReady()
        #expect(flow.foundNoPipe() == .receive(afterPoll: false))
        #expect(relay(&flow, 10, splice, more: false) == .watchSource)
    }

    @Test func `without a buffer a flow waits, and receives when one is free`() {
        var flow = Flow()
        _ = flow.start(auto)
        #expect(flow.foundNoBuffer() == .awaitBuffer)
        #expect(flow.bufferIsFree() == .receive(afterPoll: false))
    }

    @Test func `parking gives the receive up for a poll, and a poll that fires receives again`() {
        var flow = Flow()
        _ = flow.start(auto)
        #expect(flow.park(auto) == .cancelReceive)
        #expect(flow.park(auto) == .none)
        #expect(flow.receiveWasCancelled() == .watchSource)
        #expect(flow.sourceIsReady() == .receive(afterPoll: false))
    }

    @Test func `a bulk flow that falls silent begins anew with messages`() {
        var flow = Flow()
        _ = flow.start(splice)
        #expect(flow.park(splice) == .none)
        #expect(flow.isBulk)
        #expect(flow.park(auto) == .none)
        #expect(flow.sourceIsReady() == .receive(afterPoll: false))
    }

    @Test func `bytes that come while parking are not lost`() {
        var flow = Flow()
        _ = flow.start(auto)
        _ = flow.park(auto)
        #expect(relay(&flow, 7, auto, more: false) == .receive(afterPoll: true))
        #expect(flow.delivered == 7)
    }

    @Test func `that there is nothing to move is made sure of by a receive`() {
        for rules in [auto, splice] {
            var flow = Flow()
            _ = flow.start(splice)
            _ = flow.sourceIsReady()
            #expect(flow.foundNothingToMove() == .receive(afterPoll: false))
            #expect(relay(&flow, 10, rules, more: false) == .watchSource)
            _ = flow.sourceIsReady()
            _ = flow.foundNothingToMove()
            #expect(flow.sourceEnded() == .shutdownSink)
        }
    }

    @Test func `the end of the source is passed on`() {
        var flow = Flow()
        _ = flow.start(auto)
        #expect(flow.sourceEnded() == .shutdownSink)
        #expect(flow.phase == .ended)
    }

    // MARK: A sink that has gone

    @Test func `what is held for a sink that has gone is thrown away, and reading goes on`() {
        var flow = Flow()
        _ = flow.start(auto)
        #expect(flow.received(64, auto) == .send)
        #expect(flow.sinkIsGone() == .releaseBuffer)
        #expect(flow.next(auto, sourceHasMore: false) == .receive(afterPoll: true))
        #expect(flow.held == 0 && flow.delivered == 0)

        var bulk = Flow()
        _ = bulk.start(splice)
        _ = bulk.sourceIsReady()
        #expect(bulk.movedIn(5000, splice) == .moveOut)
        #expect(bulk.movedOut(2000) == .moveOut)
        #expect(bulk.sinkIsGone() == .watchSource)
        #expect(bulk.held == 0 && bulk.delivered == 2000)
    }

    // MARK: Measured

    @Test func `a measured flow reads only what a poll has found`() {
        for rules in [auto, copy, splice] {
            var flow = Flow()
            flow.measure(true)
            #expect(flow.start(rules) == .watchSource)
            if rules == splice {
                #expect(flow.sourceIsReady() == .moveIn)
                #expect(flow.movedIn(5000, rules) == .moveOut)
                #expect(flow.movedOut(5000) == .watchSource)
            } else {
                #expect(flow.sourceIsReady() == .receive(afterPoll: false))
                #expect(relay(&flow, 5000, rules) == .watchSource)
            }
            #expect(flow.park(rules) == .none)
        }
    }

    @Test func `a measured flow becomes bulk, but never skips the poll`() {
        var flow = Flow()
        flow.measure(true)
        #expect(flow.start(auto) == .watchSource)
        for _ in 0..<3 {
            #expect(flow.sourceIsReady() == .receive(afterPoll: false))
            #expect(relay(&flow, 5000, auto) == .watchSource)
        }
        #expect(flow.isBulk && flow.sourceIsReady() == .moveIn)
    }

    @Test func `a flow that pauses goes on, or looks again`() {
        var duplex = Duplex()
        duplex.outbound.measure(true)
        _ = duplex.outbound.start(copy)
        duplex.outbound.mustPause()
        #expect(duplex.isPaused && !duplex.isQuiet && duplex.outbound.phase == .paused)
        #expect(duplex.outbound.mustLookAgain() == .watchSource)
        duplex.outbound.mustPause()
        #expect(duplex.outbound.mayGoOn() == .receive(afterPoll: false))
        #expect(!duplex.isPaused)
    }
}
