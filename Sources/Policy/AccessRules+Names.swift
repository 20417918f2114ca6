/// Deciding by name alone.
extension AccessRules {
    /// The decision on a request that no address of its host can change; nil if one might, so that
    /// the name has to be resolved first.
    public func decisionWhateverAddress(_ standing: Standing) -> Decision? {
        let limit = standing.decider
        guard first(addressed, standing, network: .unknown, below: limit) == limit else {
            return nil
        }
        return decision(standing)
    }
}
