internal import Kernel
internal import Policy
internal import Synchronization

/// What the main thread does while the workers work: it waits for signals, tells the operator what
/// has changed, and conducts the drain.
extension Server {
    /// How often it looks for what has changed, in nanoseconds.
    private static var lookInterval: UInt64 { 1_000_000_000 }

    /// Returns when all workers have ended or been told to.
    func watch() {
        var wasPaused = Array(repeating: false, count: counters.count)
        var lost: UInt64 = 0
        var nextLook = Instant.now() + Server.lookInterval
        while true {
            let left = nextLook.nanoseconds(since: Instant.now())
            switch Signals.next(within: Int(left / 1_000_000) + 1) {
            case .terminate, .interrupt: return drain()
            case .hangUp: reload()
            case .status: tellStatus()
            case nil: break
            }
            // Also where signals come more often than that.
            guard Instant.now() >= nextLook else { continue }
            tellChanges(&wasPaused, &lost)
            nextLook = Instant.now() + Server.lookInterval
        }
    }

    /// Opens the journal anew and reads the files about names, users and rules again.
    private func reload() {
        reopenJournal()
        do throws(StartError) {
            let hosts = try Server.hosts(configuration.hostsFile)
            for mailbox in mailboxes { mailbox.send(hosts) }
            notify(.reloaded)
        } catch {
            notify(.notReloaded("\(error)"))
        }
        reloadAccess()
    }

    /// Reads users and rules again: all of both, or nothing.
    private func reloadAccess() {
        do throws(StartError) {
            let users = try gate == nil ? nil : Server.users(configuration.usersFile)
            let list = try policy?(users)
            let rules = list.map { list in
                AccessRules(list, version: version.add(1, ordering: .relaxed).newValue)
            }
            if let rules { try allowances?.prepare(for: rules, Instant.now()) }
            Server.hideSecrets(users, rules)
            guard users != nil || rules != nil else { return }
            let revoked = users.flatMap { gate?.replace($0) } ?? []
            let access = Access(rules: rules, revoked: revoked)
            for mailbox in mailboxes { mailbox.send(access) }
            if let users { notify(.usersReloaded(count: users.count)) }
            if let rules { notify(.rulesReloaded(count: rules.names.count)) }
        } catch {
            notify(policy == nil ? .usersNotReloaded("\(error)") : .accessNotReloaded("\(error)"))
        }
    }

    private func reopenJournal() {
        guard let journal else { return }
        do throws(StartError) {
            try journal.reopen()
            notify(.reopened)
        } catch {
            notify(.notReopened("\(error)"))
        }
    }

    private func tellChanges(_ wasPaused: inout [Bool], _ lost: inout UInt64) {
        for index in counters.indices {
            let isPaused = counters[index].isAccepting.read() == 0
            guard isPaused != wasPaused[index] else { continue }
            wasPaused[index] = isPaused
            notify(isPaused ? .paused(worker: index) : .resumed(worker: index))
        }
        let now = lostRecords
        if now > lost { notify(.lost(records: now - lost)) }
        lost = now
    }

    /// Journal records that were lost since the start.
    private var lostRecords: UInt64 {
        counters.reduce(journal?.lostInWriting.read() ?? 0) { $0 + $1.journalLost.read() }
    }

    func reportLost() {
        if lostRecords > 0 { notify(.lost(records: lostRecords)) }
    }

    /// Tunnels that are open, without requests and those that were refused.
    private var openTunnels: Int {
        counters.reduce(0) { $0 + max(Int($1.tunnels.read()) - Int($1.openings.read()), 0) }
    }

    private var tunnels: Int { counters.reduce(0) { $0 + Int($1.tunnels.read()) } }

    private func drain() {
        notify(.draining(tunnels: tunnels))
        for mailbox in mailboxes { mailbox.send(.drain) }
        let deadline = Instant.now() + configuration.drainTimeout
        // Who accepts no more has all that others have passed on, or tells of it as of a tunnel.
        while counters.contains(where: { $0.isAccepting.read() + $0.unsettled.read() > 0 })
            || tunnels > 0
        {
            let left = deadline.nanoseconds(since: Instant.now()) / 1_000_000
            if left == 0 {
                let cut = openTunnels
                for mailbox in mailboxes { mailbox.send(.finish) }
                return notify(.drained(cut: cut))
            }
            switch Signals.next(within: min(Int(left), 50)) {
            case .terminate, .interrupt:
                let cut = openTunnels
                for mailbox in mailboxes { mailbox.send(.stop) }
                return notify(.stopped(cut: cut))
            case .status: tellStatus()
            case .hangUp: reopenJournal()
            case nil: break
            }
        }
        notify(.drained(cut: 0))
    }

    /// One line for each worker, with what stands in its tables.
    private func tellStatus() {
        for index in counters.indices {
            let counter = counters[index]
            let numbers: [(name: String, value: UInt64)] = [
                ("worker", UInt64(index)),
                ("workers", UInt64(counters.count)),
                ("tunnels", counter.tunnels.read()),
                ("openings", counter.openings.read()),
                ("sessions", counter.sessions.read()),
                ("carriers", counter.carriers.read()),
                ("descriptors", counter.descriptors.read()),
                ("buffers_out", counter.buffersOut.read()),
                ("pipes_out", counter.pipesOut.read()),
                ("pipes_open", counter.pipesOpen.read()),
                ("accepted", counter.accepted.read()),
                ("opened", counter.established.read()),
                ("ended", counter.ended.read()),
                ("refused", counter.refused.read()),
                ("not_tls", counter.notTLS.read()),
                ("tls_sni_missing", counter.serverNamesMissing.read()),
                ("tls_sni_mismatch", counter.serverNamesRefused.read()),
                ("tls_ech_refused", counter.encryptedHellosRefused.read()),
                ("tls_hello_timeout", counter.helloTimeouts.read()),
                ("parent_refused", counter.parentRefused.read()),
                ("limit_refused", counter.limitRefused.read()),
                ("limit_ended", counter.limitEnded.read()),
                ("limit_pauses", counter.limitPauses.read()),
                ("violations", counter.violations.read()),
                ("shed", counter.shed.read()),
                ("passed_on", counter.passedOn.read()),
                ("moved_away", counter.movedAway.read()),
                ("moved_here", counter.movedHere.read()),
                ("pauses", counter.pauses.read()),
                ("late_completions", counter.lateCompletions.read()),
                ("failed_closes", counter.failedCloses.read()),
                ("bytes_out", counter.bytesOut.read()),
                ("bytes_in", counter.bytesIn.read()),
                ("journal_lost", counter.journalLost.read()),
                // All workers' records are written by one thread: those it lost count once.
                ("journal_unwritten", index == 0 ? journal?.lostInWriting.read() ?? 0 : 0),
            ]
            let isAccepting = counter.isAccepting.read() != 0
            notify(.status(StatusLine.text(numbers, isAccepting: isAccepting)))
        }
    }
}
