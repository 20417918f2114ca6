import Foundation
import Testing

/// A private sshd, and the configuration with which a client knows and trusts it.
final class SecureShell {
    /// The client's configuration file.
    var configuration: String { folder.path("ssh_config") }
    let port: UInt16
    private let folder: Folder
    private let daemon: Daemon

    /// Listens on a free port of 127.0.0.1, or on port 22 of every address of `namespace`.
    init(in namespace: Namespace? = nil) throws {
        folder = try Folder()
        port = namespace == nil ? try Origin.freePort() : 22
        for key in ["host_key", "user_key"] {
            let arguments = ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", folder.path(key)]
            _ = try Program.output(of: "ssh-keygen", arguments)
        }
        try folder.write("known_hosts", Data("* \(folder.text("host_key.pub"))".utf8))
        let server = """
            HostKey \(folder.path("host_key"))
            AuthorizedKeysFile \(folder.path("user_key.pub"))
            ListenAddress \(namespace == nil ? "127.0.0.1" : "0.0.0.0"):\(port)
            PermitRootLogin yes
            PasswordAuthentication no
            UsePAM no
            StrictModes no
            PidFile none
            Subsystem sftp internal-sftp

            """
        let client = """
            IdentityFile \(folder.path("user_key"))
            IdentitiesOnly yes
            UserKnownHostsFile \(folder.path("known_hosts"))
            StrictHostKeyChecking yes
            BatchMode yes

            """
        try folder.write("sshd_config", Data(server.utf8))
        try folder.write("ssh_config", Data(client.utf8))
        // Debian makes this folder when its own sshd starts, and root's sshd insists on it.
        if geteuid() == 0 { unsafe mkdir("/run/sshd", 0o755) }
        // It closes every descriptor that it doesn't know, by which Process would take it for
        // ended: so it is a shell that Process looks after.
        let sshd = "/usr/sbin/sshd -D -e -f '\(folder.path("sshd_config"))'; exit"
        let command = ["sh", "-c", sshd]
        daemon = try Daemon(namespace?.command(command) ?? command) {
            $0.contains("Server listening on")
        }
    }
}
