import Foundation
import Testing

/// A network and a view of the file system of a test's own, as a small Internet.
///
/// Here every port is free and any address can be this machine's, public ones too, so that the
/// proxy can be met with the ports and the safe defaults that its users meet. To make one takes
/// root.
final class Namespace {
    /// Public addresses that are this machine's, here.
    static let public4 = "93.184.215.14"
    static let public6 = "2606:2800:21f:cb07::14"
    /// Other addresses that are this machine's, here, besides those of loopback.
    static let private4 = "10.0.0.1"
    static let linkLocal4 = "169.254.169.254"
    static let private6 = "fd00::7"
    /// IPv4 loopback behind the prefix of NAT64.
    static let translated6 = "64:ff9b::7f00:1"

    private let keeper: Daemon
    private let folder: Folder

    /// Makes one whose hosts file has these lines besides those of localhost, and whose resolv.conf
    /// is this text, if there is one.
    init(hosts: [String] = [], resolvConf: String? = nil) throws {
        try #require(geteuid() == 0, "a network namespace takes root: run the tests as root")
        let folder = try Folder()
        let lines = ["127.0.0.1 localhost", "::1 localhost"] + hosts + [""]
        try folder.write("hosts", Data(lines.joined(separator: "\n").utf8))
        let addresses = [Self.public4, Self.private4, Self.linkLocal4]
        let addresses6 = [Self.public6, Self.private6, Self.translated6]
        var names = ["hosts"]
        if let resolvConf {
            try folder.write("resolv.conf", Data(resolvConf.utf8))
            names.append("resolv.conf")
        }
        let script =
            ["set -e", "ip link set lo up"]
            + names.map { "mount --bind '\(folder.path($0))' /etc/\($0)" }
            + addresses.map { "ip address add \($0)/32 dev lo" }
            + addresses6.map { "ip address add \($0)/128 dev lo" }
            + ["echo ready", "exec sleep 600"]
        self.folder = folder
        keeper = try Daemon(
            ["unshare", "--net", "--mount", "sh", "-c", script.joined(separator: "\n")]
        ) { $0 == "ready" }
    }

    /// The command that runs `command` here, in the folder at `path`.
    func command(_ command: [String], at path: String = "/") -> [String] {
        ["nsenter", "--target", "\(keeper.process.processIdentifier)", "--net", "--mount"]
            + ["env", "--chdir", path] + command
    }

    /// A process that is here as long as this is.
    var processID: Int32 { keeper.process.processIdentifier }

    /// What `command` prints here; it has to succeed.
    @discardableResult
    func run(_ command: [String]) throws -> String {
        try Program.output(of: "nsenter", Array(self.command(command).dropFirst()))
    }

    /// What `body` returns; the sockets that it makes are here.
    ///
    /// Only this thread is here meanwhile, so `body` must not wait for others to make sockets.
    func inside<Result>(_ body: () throws -> Result) throws -> Result {
        let own = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let path = "/proc/\(keeper.process.processIdentifier)/ns/net"
        let here = unsafe open(path, O_RDONLY | O_CLOEXEC)
        defer {
            close(own)
            close(here)
        }
        try #require(Self.enter(here), "can't enter the namespace")
        defer { precondition(Self.enter(own), "can't leave the namespace") }
        return try body()
    }

    /// Moves this thread to the network of `descriptor`, by setns(2), which Swift can't see.
    private static func enter(_ descriptor: Int32) -> Bool {
        typealias Call = @convention(c) (Int32, Int32) -> Int32
        guard descriptor >= 0, let symbol = unsafe dlsym(nil, "setns") else { return false }
        return unsafe unsafeBitCast(symbol, to: Call.self)(descriptor, 0) == 0
    }
}
