import Foundation
import Testing

/// An HTTPS origin that serves a folder, with a certificate of its own.
///
/// Over HTTP/1.1 it answers an upload with its SHA-256, over HTTP/2 with what was uploaded.
final class WebOrigin {
    enum Version { case http1, http2 }

    /// A name that only its own hosts file knows.
    static let name = "origin.test"

    let certificates: Certificates
    /// What it serves.
    let site: Folder
    let port: UInt16
    private let folder: Folder
    private let daemon: Daemon

    /// Serves on a free port of 127.0.0.1, as `name`.
    init(_ version: Version = .http1) throws {
        folder = try Folder()
        site = try Folder()
        certificates = try Certificates(in: folder, names: [Self.name])
        try folder.write("hosts", Data("127.0.0.1 \(Self.name)\n".utf8))
        switch version {
        case .http1:
            daemon = try Self.serve(site, certificates, ["127.0.0.1:0"])
            let line = try daemon.lines.first { _ in true }
            port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
        case .http2:
            port = try Origin.freePort()
            daemon = try Self.serveHTTP2(site, certificates, port)
        }
    }

    /// Serves on port 443 of every address of `namespace`, as each of `names`.
    init(in namespace: Namespace, names: [String]) throws {
        folder = try Folder()
        site = try Folder()
        certificates = try Certificates(in: folder, names: names)
        port = 443
        daemon = try Self.serve(site, certificates, ["0.0.0.0:443", "[::]:443"], namespace)
    }

    private static func serve(
        _ site: Folder,
        _ certificates: Certificates,
        _ endpoints: [String],
        _ namespace: Namespace? = nil
    ) throws -> Daemon {
        let files = [site.path(""), certificates.certificate, certificates.key]
        let command = [Program.python, Program.script("origin.py")] + files + endpoints
        return try Daemon(namespace?.command(command) ?? command) { $0 == "ready" }
    }

    private static func serveHTTP2(
        _ site: Folder,
        _ certificates: Certificates,
        _ port: UInt16
    ) throws -> Daemon {
        // It says that it listens only if it is to say everything.
        let flags = ["--verbose", "--echo-upload", "-a", "127.0.0.1", "-d", site.path("")]
        let files = [certificates.key, certificates.certificate]
        return try Daemon(["nghttpd"] + flags + ["\(port)"] + files) { $0.contains(": listen ") }
    }

    var authority: String { "\(Self.name):\(port)" }

    func url(_ path: String) -> String { "https://\(authority)/\(path)" }

    /// The hosts file that knows its name.
    var hostsFile: String { folder.path("hosts") }

    /// Flags of a culvert that dials it.
    var openFlags: [String] { Culvert.openFlags + ["--hosts-file", hostsFile] }

    /// Puts a file of random bytes into what it serves; their SHA-256.
    func makeFile(_ name: String, bytes count: Int) throws -> String {
        let random = try FileHandle(forReadingFrom: URL(filePath: "/dev/urandom"))
        let data = try #require(try random.read(upToCount: count))
        try site.write(name, data)
        return try Self.digest(site.path(name))
    }

    /// The SHA-256 of a file.
    static func digest(_ path: String) throws -> String {
        String(try Program.output(of: "sha256sum", ["--", path]).prefix(64))
    }

    /// Puts a repository with one commit into what it serves, ready for git's plain downloads; the
    /// commit.
    func makeRepository(_ name: String) throws -> String {
        let folder = try Folder()
        let script = """
            set -e
            cd "$1"
            git init -q work
            head -c 1048576 /dev/urandom > work/data
            git -C work add data
            git -C work -c user.name=A -c user.email=a@origin.test commit -q -m 'Add data'
            git clone -q --bare work "$2"
            git -C "$2" update-server-info
            git -C "$2" rev-parse HEAD
            """
        return try Program.output(
            of: "sh",
            ["-c", script, "sh", folder.path(""), site.path(name)],
            environment: ["GIT_CONFIG_GLOBAL": "/dev/null"]
        )
    }

    /// Runs curl, which trusts it, for `url` through `culvert`.
    func curl(
        through culvert: Culvert,
        _ url: String,
        _ more: [String] = []
    ) throws -> Program.Outcome {
        let proxy = ["--proxy", culvert.url, "--cacert", certificates.authority]
        return try Program.run("curl", ["--silent", "--show-error"] + proxy + more + [url])
    }
}
