import Foundation
import Testing

/// A proxy of a network, as its operator sets it up, between a client and a server of the tunnel.
final class MiddleProxy {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        /// The way out for HTTP, which denies CONNECT, and caches.
        case squid
        /// In front of the server; takes requests and answers whole before it passes them on.
        case nginx
        /// In front of the server; ends what is silent for a few seconds.
        case haproxy

        var testDescription: String { rawValue }
    }

    let kind: Kind
    let port: UInt16
    private let folder: Folder
    private let command: [String]
    private var daemon: Daemon

    /// Stands on a free port of 127.0.0.1 before the server at `server`; HAProxy ends what is
    /// silent for `patience`, and has these `rules` besides.
    init(
        _ kind: Kind,
        before server: UInt16,
        patience: String = "3s",
        rules: [String] = []
    ) throws {
        self.kind = kind
        port = try Origin.freePort()
        folder = try Folder()
        let file = folder.path("conf")
        let text =
            switch kind {
            case .squid: Self.squid(port)
            case .nginx: Self.nginx(port, server, folder)
            case .haproxy: Self.haproxy(port, server, patience, rules)
            }
        try folder.write("conf", Data(text.utf8))
        let command =
            switch kind {
            case .squid: "squid -N -n t\(port) -f \(file)"
            case .nginx: "nginx -c \(file)"
            case .haproxy: "haproxy -f \(file)"
            }
        self.command = Self.command(command, on: port)
        daemon = try Daemon(self.command) { $0 == "ready" }
    }

    /// Runs `command`, a proxy that doesn't say on its own that it listens, and says "ready" once
    /// it does so on `port`.
    static func command(_ command: String, on port: UInt16) -> [String] {
        let script = """
            PATH=$PATH:/usr/sbin
            \(command) & program=$!
            until nc -z 127.0.0.1 \(port); do kill -0 $program || exit 1; done
            echo ready
            wait
            """
        return ["sh", "-c", script]
    }

    /// Ends it, which breaks all connections, and starts it again.
    func restart() throws {
        kill(-daemon.process.processIdentifier, SIGKILL)
        daemon.process.waitUntilExit()
        daemon = try Daemon(command) { $0 == "ready" }
    }

    /// Flags of a client that goes this way, and what it takes as --server.
    func way(to server: UInt16) -> (server: String, flags: [String]) {
        switch kind {
        case .squid: ("http://127.0.0.1:\(server)/tunnel", ["--via-proxy", "127.0.0.1:\(port)"])
        case .nginx, .haproxy: ("http://127.0.0.1:\(port)/tunnel", [])
        }
    }

    private static func squid(_ port: UInt16) -> String {
        """
        http_port 127.0.0.1:\(port)
        acl CONNECT method CONNECT
        http_access deny CONNECT
        http_access allow all
        access_log none
        cache_log /dev/null
        cache_mem 8 MB
        pid_filename none
        cache_effective_user proxy
        shutdown_lifetime 0 seconds

        """
    }

    private static func nginx(_ port: UInt16, _ server: UInt16, _ folder: Folder) -> String {
        """
        daemon off;
        user root;
        worker_processes 1;
        pid \(folder.path("pid"));
        error_log \(folder.path("log"));
        events {}
        http {
            access_log off;
            client_body_temp_path \(folder.path("body"));
            proxy_temp_path \(folder.path("proxy"));
            fastcgi_temp_path \(folder.path("fastcgi"));
            uwsgi_temp_path \(folder.path("uwsgi"));
            scgi_temp_path \(folder.path("scgi"));
            server {
                listen 127.0.0.1:\(port);
                client_max_body_size 64k;
                location / {
                    proxy_pass http://127.0.0.1:\(server);
                    proxy_ignore_headers X-Accel-Buffering;
                }
            }
        }

        """
    }

    private static func haproxy(
        _ port: UInt16,
        _ server: UInt16,
        _ patience: String,
        _ rules: [String]
    ) -> String {
        """
        defaults
            mode http
            timeout connect 5s
            timeout client \(patience)
            timeout server \(patience)
            option http-buffer-request
        frontend in
            bind 127.0.0.1:\(port)
            \(rules.joined(separator: "\n    "))
            default_backend out
        backend out
            server one 127.0.0.1:\(server)

        """
    }
}
