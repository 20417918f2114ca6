import Kernel
import Proxy
import Testing

@Suite struct ProbeTests {
    @Test(
        arguments: [
            (Errno.notPermitted, 2, "sysctl -w kernel.io_uring_disabled=0"),
            (Errno.notPermitted, 1, "kernel.io_uring_group"),
            (Errno.notPermitted, 0, "seccomp"),
            (Errno.notPermitted, nil, "seccomp"),
            (Errno.accessDenied, nil, "seccomp"),
            (Errno.noSystemCall, nil, "6.12 or later"),
            (Errno.invalid, 0, "too old"),
            (Errno.noMemory, 0, "--ring-entries"),
            (Errno.tooManyFiles, 0, "ulimit -n"),
            (Errno.tooManyFilesInSystem, 0, "fs.file-max"),
            (Errno.again, 0, "culvert doctor"),
        ] as [(Int32, Int?, String)]
    )
    func `a failed set-up is explained with its remedy`(
        code: Int32,
        disabled: Int?,
        words: String
    ) {
        let error = SystemError("io_uring_setup", code: code)
        #expect(Probe.explain(error, disabled: disabled).contains(words))
    }

    @Test(arguments: [
        ("6.18.44-fc-v657", 6, 18), ("5.19", 5, 19), ("6.1.0-18-amd64", 6, 1), ("4.rc1", 4, 0),
        ("", 0, 0), ("unknown", 0, 0),
    ])
    func `a release begins with two numbers`(release: String, major: Int, minor: Int) {
        #expect(Probe.version(release) == (major, minor))
    }

    @Test func `whatever this machine can do, all of it is reported`() {
        let probe = Probe()
        #expect(!probe.release.isEmpty)
        #expect(probe.features.count == (probe.failure == nil ? 17 : 8))
    }
}
