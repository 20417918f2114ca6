internal import Connect
internal import Internet
internal import Kernel
internal import Proxy

/// What the journal tells: of each program's connection one line when its stream is open and one
/// when it ends, and what becomes of the session.
extension ClientWorker where Queue: ~Copyable, Names: ~Copyable {
    /// The stream of the program in `slot` is open.
    mutating func writeOpen(_ slot: UInt32) {
        guard journal.isOn else { return }
        let local = locals[slot]
        journal.write(counters) { line in
            line.member("event", "open")
            Self.identify(&line, local)
        }
    }

    /// The program in `slot` is served no more, for `reason`.
    mutating func writeEnd(_ slot: UInt32, _ reason: String) {
        counters.ended.add()
        guard journal.isOn else { return }
        let local = locals[slot]
        let duration = now.nanoseconds(since: local.accepted) / 1000
        journal.write(counters) { line in
            line.member("event", "end")
            Self.identify(&line, local)
            line.member("status", UInt64(local.status))
            line.member("reason", reason)
            line.member("bytes_out", local.bytesOut)
            line.member("bytes_in", local.bytesIn)
            line.member("duration_us", duration)
        }
    }

    /// Something has happened to the session.
    mutating func writeSession(_ event: String, _ detail: String) {
        guard journal.isOn else { return }
        journal.write(counters) { line in
            line.member("event", event)
            if !detail.isEmpty {
                line.quoted("detail") { sink in
                    for byte in detail.utf8 where byte >= 0x20 {
                        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                            sink.append(UInt8(ascii: "\\"))
                        }
                        sink.append(byte)
                    }
                }
            }
        }
    }

    private static func identify(_ line: inout JSONLine, _ local: Local) {
        line.member("id", local.number)
        line.member("client", local.client)
        if let authority = local.authority {
            line.quoted("authority") { authority.write(to: &$0) }
        }
        line.member("forwarded", local.isForwarded ? 1 : 0 as UInt64)
    }
}
