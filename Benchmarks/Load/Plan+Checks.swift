internal import Internet
internal import Kernel

/// What a plan can't be.
extension Plan {
    /// Refuses what can't be, where each worker may open `openFiles` descriptors.
    ///
    /// - Throws: `SettingError` for the first setting that can't be.
    func check(_ openFiles: Int) throws(SettingError) {
        if case .relay(let endpoint) = settings.route {
            guard !settings.listen.isEmpty || originWorkers == 0 else {
                throw SettingError(
                    "--relay",
                    "\(endpoint)",
                    "the relay must lead to the origin; say where that listens with --listen"
                )
            }
        }
        // A worker without a place would never come to what is its share.
        let isShared = settings.scenario.isStreaming || settings.rate != nil
        guard !isShared || workers <= settings.peak else {
            let words = "each needs a tunnel, and there are at most \(settings.peak) at once"
            throw SettingError("--workers", "\(workers)", words)
        }
        if settings.scenario == .bulk, let external = settings.externalOrigins.first {
            throw SettingError("--origin", "\(external)", "bulk needs the tool's own origin")
        }
        if let count = settings.originWorkers, originWorkers == 0 {
            let words = "they are for the tool's own origin, which '--origin' leaves out"
            throw SettingError("--origin-workers", "\(count)", words)
        }
        try checkHostile(openFiles)
        try checkAddresses()
        for (index, process) in settings.processes.enumerated() {
            guard !settings.processes[..<index].contains(process) else {
                throw SettingError("--pid", "\(process)", "given twice; each process once")
            }
            guard ProcessReading(process) != nil else {
                throw SettingError("--pid", "\(process)", "there is no such process")
            }
        }
    }

    private func checkAddresses() throws(SettingError) {
        for (index, endpoint) in settings.listen.enumerated() {
            guard !settings.listen[..<index].contains(endpoint) else {
                throw SettingError("--listen", "\(endpoint)", "given twice; each endpoint once")
            }
            guard Socket.isLocal(endpoint.address) else {
                throw SettingError(
                    "--listen",
                    "\(endpoint)",
                    "allowed is an address of this machine"
                )
            }
        }
        for source in settings.sources {
            guard Socket.isLocal(source) else {
                throw SettingError("--source", "\(source)", "allowed is an address of this machine")
            }
            for target in settings.targets where target.family != source.family {
                let words = "nothing there reaches \(target), which is of another family"
                throw SettingError("--source", "\(source)", words)
            }
        }
    }

    private func checkHostile(_ openFiles: Int) throws(SettingError) {
        guard settings.scenario == .hostile else { return }
        guard case .proxy = settings.route else {
            throw SettingError("--proxy", "", "nobody but a proxy is there to be hostile to")
        }
        let most = openFiles - Plan.descriptorsAside
        guard settings.hostileCount <= most else {
            let words = "allowed are at most \(most) at an open-file limit of \(openFiles)"
            throw SettingError("--hostile", "\(settings.hostileCount)", words)
        }
    }
}
