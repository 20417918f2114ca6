import Foundation
import Testing

extension EndToEndTests {
    /// Parents that are the proxy itself, whatever they are called.
    @Suite struct ParentLoops {
        @Test(arguments: ["self.test:443", "10.0.0.1:443", "127.0.0.1:443", "127.8.9.10:443"])
        func `a proxy is not its own parent by any name or address`(parent: String) throws {
            let namespace = try Namespace(hosts: ["10.0.0.1 self.test"])
            let (flags, folder) = try Self.flags(parent)
            defer { withExtendedLifetime(folder) {} }
            let culvert = try Culvert(flags, listen: "0.0.0.0:443", in: namespace)
            let refused = try namespace.inside { try culvert.ask(for: "a.test:443") }
            refused.expect(502, "proxy_loop_detected")
        }

        private static func flags(_ parent: String) throws -> ([String], Folder) {
            let rule = "{name: up, action: allow, parent: '\(parent)'}"
            let folder = try Policies.folder("rules: [\(rule)]")
            return (["--policy", folder.path("policy.yaml")], folder)
        }
    }
}
