// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same strictness; a warning is an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// A module of the house.
///
/// Each may import only modules that stand above it in this file.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    _ settings: [SwiftSetting] = []
) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict + settings)
}

/// The simulated world is one object that a single thread uses.
///
/// The checks that no two uses of it overlap take half of the time of a simulated life.
let unchecked: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"])]

/// Tests that don't compute much themselves need not be quick, but be compiled quickly.
let unoptimized: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

/// The sanitizer that is to be compiled in, if one is.
let sanitizer = Context.environment["CULVERT_SANITIZER"]

/// Tests of the load tool.
///
/// Rings of many threads come and go there, in memory whose reuse the thread sanitizer can't see.
let benchTests: [Target] = [
    tests(
        "BenchTests",
        ["Load", "TLS", "Kernel", "Internet", histogram],
        unoptimized
    )
]

/// Tests of modules in which nothing is shared: the thread sanitizer would find nothing there.
let unsharedTests: [Target] = [
    tests("InternetTests", ["Internet"], unoptimized),
    tests("RelayTests", ["Relay"], unoptimized),
    tests("ConnectTests", ["Connect", "Internet"], unoptimized),
    tests("PolicyTests", ["Policy", "Connect", "Internet"]),
    tests("PolicyFileTests", ["PolicyFile", "Policy", "Connect", "Internet"], unoptimized),
    tests("MethodTunnelTests", ["MethodTunnel", "Kernel", "Connect", "Internet"], unchecked),
]

/// Tests of whole programs, of allocations and of text: a sanitizer would find nothing there.
let wholeTests: [Target] = [
    tests("EndToEndTests", ["Internet", "Kernel"], unoptimized),
    tests(
        "AllocationTests",
        ["CAllocations", "Load", "Client", "Proxy", "Policy", "Kernel", "Internet"]
    ),
    tests("TidyTests", []),
]

let package = Package(
    name: "culvert",
    products: [
        .executable(name: "culvert", targets: ["culvert"]),
        .executable(name: "culvert-bench", targets: ["culvert-bench"]),
        .executable(name: "culvert-micro", targets: ["culvert-micro"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CLiburing", path: "CLiburing", pkgConfig: "liburing"),
        .systemLibrary(name: "CAres", path: "Sources/CAres", pkgConfig: "libcares"),
        .systemLibrary(name: "CCrypt", path: "Sources/CCrypt"),
        .systemLibrary(name: "CYAML", path: "Sources/CYAML", pkgConfig: "yaml-0.1"),

        module("Internet"),
        module("Kernel", ["Internet", "CLiburing", "CCrypt"]),
        module("Resolver", ["Internet", "Kernel", "CAres"]),
        module("Connect", ["Internet"]),
        module("Relay"),
        module("Policy", ["Internet", "Connect"]),
        module("MethodTunnel", ["Internet", "Connect"]),
        module(
            "Proxy",
            ["Internet", "Kernel", "Resolver", "Connect", "Relay", "Policy", "MethodTunnel"]
        ),
        module("Client", ["Internet", "Kernel", "Resolver", "Connect", "MethodTunnel", "Proxy"]),
        module("PolicyFile", ["Internet", "Connect", "Policy", "Proxy", "CYAML"]),
        .executableTarget(
            name: "culvert",
            dependencies: [
                "Internet", "Kernel", "Resolver", "Connect", "Policy", "Proxy", "Client",
                "PolicyFile", argumentParser, logging,
            ],
            swiftSettings: strict
        ),

        .systemLibrary(name: "COpenSSL", path: "Benchmarks/COpenSSL"),
        .target(
            name: "TLS",
            dependencies: ["Kernel", "COpenSSL"],
            path: "Benchmarks/TLS",
            swiftSettings: strict
        ),
        .target(
            name: "Load",
            dependencies: ["Internet", "Kernel", "Connect", "TLS", histogram],
            path: "Benchmarks/Load",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "culvert-bench",
            dependencies: ["Internet", "Kernel", "Proxy", "Load", argumentParser, histogram],
            path: "Benchmarks/culvert-bench",
            swiftSettings: strict
        ),
        // Shares nothing with the load tool, whose figures are checked against its own.
        .executableTarget(
            name: "epoll-client",
            path: "Benchmarks/epoll-client",
            cSettings: [
                .enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error),
            ]
        ),
        // What the kernel alone takes for what a proxy does.
        .executableTarget(
            name: "floor-proxy",
            dependencies: ["CLiburing"],
            path: "Benchmarks/floor-proxy",
            cSettings: [
                .enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error),
            ]
        ),

        .executableTarget(
            name: "culvert-micro",
            dependencies: [
                "Internet", "Connect", "Policy", "Kernel", "Proxy", "Relay", "CAllocations",
                argumentParser,
            ],
            path: "Benchmarks/culvert-micro",
            swiftSettings: strict
        ),

        tests("KernelTests", ["Kernel", "Internet"], unoptimized),
        tests("ResolverTests", ["Resolver", "Kernel", "Internet"], unoptimized),
        tests("ClientTests", ["Client", "Connect"], unoptimized),
        tests(
            "SimulationTests",
            ["Client", "Proxy", "Policy", "Resolver", "Connect", "Kernel", "Internet"],
            unchecked
        ),
        tests("ProxyTests", ["Proxy", "Policy", "Connect", "Kernel", "Internet"], unoptimized),
        .target(
            name: "CAllocations",
            path: "Tests/CAllocations",
            cSettings: [.treatAllWarnings(as: .error)]
        ),
    ] + (sanitizer == nil ? wholeTests : [])
        + (sanitizer == "thread" ? [] : unsharedTests + benchTests)
)
