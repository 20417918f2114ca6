/// What an origin tunnel may use of its worker.
struct OriginServices: ~Copyable {
    let control: Control
    var station: Station
    /// Whether tunnels stand idle for long.
    let isPatient: Bool
    /// Endpoints of the whole origin; nil if clients can't choose among them.
    let endpointCount: Int?

    /// Whether the client that gave `order` wanted to come to `endpoint`.
    func isMeant(_ order: Order, for endpoint: Int) -> Bool {
        guard let endpointCount else { return true }
        return Int(order.number) % endpointCount == endpoint
    }
}
