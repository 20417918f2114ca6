import Foundation

/// A certificate for the origins of a test, and the authority that clients are told to trust.
struct Certificates {
    /// The authority's certificate, by its path.
    let authority: String
    /// The origin's certificate and its key, by their paths.
    let certificate: String
    let key: String

    /// Makes them in `folder`, for these names and for loopback.
    init(in folder: Folder, names: [String]) throws {
        authority = folder.path("authority.pem")
        certificate = folder.path("origin.pem")
        key = folder.path("origin.key")
        let authorityKey = folder.path("authority.key")
        let alternatives = names.map { "DNS:\($0)" } + ["IP:127.0.0.1", "IP:::1"]
        try Self.make(
            authority,
            authorityKey,
            ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
        )
        try Self.make(
            certificate,
            key,
            [
                "basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth",
                "subjectAltName=" + alternatives.joined(separator: ","),
            ],
            ["-CA", authority, "-CAkey", authorityKey]
        )
    }

    private static func make(
        _ certificate: String,
        _ key: String,
        _ extensions: [String],
        _ signer: [String] = []
    ) throws {
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        let files = ["-keyout", key, "-out", certificate, "-days", "3", "-subj", "/CN=A test"]
        let additions = extensions.flatMap { ["-addext", $0] }
        _ = try Program.output(
            of: "openssl",
            ["req", "-x509"] + signer + curve + files + additions
        )
    }

    /// The digest of the origin's public key, by which Chromium can be told to trust it.
    var fingerprint: String {
        get throws {
            let pipeline = """
                openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform der \
                | openssl dgst -sha256 -binary | base64
                """
            return try Program.output(of: "sh", ["-c", pipeline, "sh", certificate])
        }
    }
}
