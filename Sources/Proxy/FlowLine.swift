internal import Kernel
internal import Relay

/// Flows that wait for something of their worker's, oldest first.
///
/// A flow stands in a line at most once, over all lives of its slot: whoever is told must look
/// whether the flow still waits.
struct FlowLine: ~Copyable {
    /// A flow, by the slot of its tunnel and its direction.
    struct Waiter {
        let slot: UInt32
        let direction: Direction
    }

    /// Each by slot and direction.
    private var flows: Table<UInt32>
    private var stands: Table<Bool>
    private var first = 0
    /// How many flows are in line.
    private(set) var count = 0

    /// A line for the flows of `slots` tunnels.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(slots: Int) throws(SystemError) {
        let flows = try Table<UInt32>(zeroed: 2 * slots)
        let stands = try Table<Bool>(zeroed: 2 * slots)
        self.flows = flows
        self.stands = stands
    }

    /// The flow of `slot` and `direction` joins the line, if it isn't in it.
    mutating func join(_ slot: UInt32, _ direction: Direction) {
        let flow = slot * 2 + UInt32(direction.rawValue)
        guard !stands[Int(flow)] else { return }
        stands[Int(flow)] = true
        flows[(first + count) % flows.count] = flow
        count += 1
    }

    /// The flow that has waited longest; nil if none waits.
    mutating func next() -> Waiter? {
        guard count > 0 else { return nil }
        let flow = flows[first]
        count -= 1
        // An empty line begins again where its memory is in use.
        first = count == 0 ? 0 : (first + 1) % flows.count
        stands[Int(flow)] = false
        let direction: Direction = flow % 2 == 0 ? .outbound : .inbound
        return Waiter(slot: flow / 2, direction: direction)
    }
}
