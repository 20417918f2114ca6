internal import Load

extension Outcome {
    /// The part of the run that one line is about: how tunnels were opened where they then stand
    /// idle, else the last.
    var principal: Stretch? { settings.scenario == .hold ? stretches.first : stretches.last }
}
