internal import Glibc

/// Why a ring can't be made, in words that help.
extension Probe {
    /// Cause and remedy of the failed set-up of a ring.
    public static func explain(_ error: SystemError) -> String {
        let text = SystemFile.read("/proc/sys/kernel/io_uring_disabled")
        let disabled = text?.first?.wholeNumberValue
        return explain(error, disabled: disabled)
    }

    /// Cause and remedy, where kernel.io_uring_disabled is `disabled` (nil: there is none).
    public static func explain(_ error: SystemError, disabled: Int?) -> String {
        switch error.code {
        case EPERM, EACCES:
            explainRefusal(disabled: disabled)
        case ENOSYS:
            "this kernel has no io_uring, or a sandbox hides it; "
                + "run on Linux 6.12 or later, outside the sandbox"
        case EINVAL:
            "this kernel's io_uring is too old (\(error)); run on Linux 6.12 or later"
        case ENOMEM:
            "there is too little memory for a ring (\(error)); "
                + "raise the memory limit or 'ulimit -l', or lower --ring-entries, "
                + "--completion-entries or --workers"
        case EMFILE:
            "no descriptor is left for a ring; raise 'ulimit -n' or LimitNOFILE"
        case ENFILE:
            "the system has no open file left for a ring; sysctl -w fs.file-max=4194304"
        default:
            "a ring can't be made (\(error)); 'culvert doctor' tells what this machine lacks"
        }
    }

    private static func explainRefusal(disabled: Int?) -> String {
        switch disabled {
        case 2:
            "io_uring is switched off on this machine; sysctl -w kernel.io_uring_disabled=0"
        case 1:
            "io_uring is only for the group in kernel.io_uring_group and for CAP_SYS_ADMIN; "
                + "join that group, or sysctl -w kernel.io_uring_disabled=0"
        default:
            "a security filter forbids io_uring, as the seccomp profile of containers does; "
                + "allow io_uring_setup, io_uring_enter and io_uring_register in the profile, "
                + "or start with --security-opt seccomp=unconfined"
        }
    }
}
