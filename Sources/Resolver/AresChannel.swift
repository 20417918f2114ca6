internal import CAres
internal import Internet
internal import Kernel

/// The look-up library's channel: questions out, replies and wished polls in.
///
/// The library calls back in the middle of any call into it, and for every question exactly once,
/// at the latest when the channel ends. What it says lands in a mailbox on the heap that outlives
/// the channel; it is read between the calls.
///
/// The library sends all questions to a server from one port as long as one of them is on its way,
/// and never learns of other servers. So the channel is opened anew every few questions, to the
/// same servers, and once it is outdated: what is on its way ends in the old one, which is then
/// closed. A spoofed reply has to guess the port again.
@safe
struct AresChannel: ~Copyable {
    private var channel: ares_channel
    /// The channel as it was opened before, while questions are on their way in it.
    private var retired: ares_channel?
    private let options: Options
    /// How long its questions wait, and how often they are asked.
    private(set) var patience: Patience
    private var questionCount = 0
    private var isOutdated = false
    private let mailbox: UnsafeMutablePointer<Mailbox>

    /// What the library said since last asked.
    struct Mailbox {
        var replies: [Reply] = []
        var sockets = SocketTable()
        /// Which opening of the channel takes the questions.
        var opening: UInt32 = 0
        /// Questions on their way in that one, and in the one before.
        var pendingCount = 0
        var retiredPendingCount = 0
    }

    /// The address of a question, handed through the library as an opaque pointer.
    @safe
    struct Question {
        let mailbox: UnsafeMutablePointer<Mailbox>
        let lookUp: UInt32
        let family: Family
        /// The opening of the channel that took it.
        let opening: UInt32
    }

    /// Questions that go out by one opening of the channel.
    private static var questionsMax: Int { 64 }

    /// The library's start is not safe from two threads at once; a global's first use is.
    private static let libraryStatus = ares_library_init(ARES_LIB_INIT_ALL)

    /// How to open the channel, also anew.
    struct Options {
        /// The servers to ask; those of `/etc/resolv.conf` if there are none.
        var servers: [Endpoint]
        /// The patience of its questions, if nothing bounds it.
        var patience: Patience
        /// How long a question may be on its way, whatever number of servers there is; nil if
        /// nothing bounds it.
        var timeoutMilliseconds: Int?

        /// The servers to ask at present; none if the system names none.
        var presentServers: [Endpoint] { servers.isEmpty ? SystemServers.read() : servers }

        /// The patience of questions to `count` servers.
        func patience(serverCount count: Int) -> Patience {
            guard let timeoutMilliseconds else { return patience }
            return patience.fitted(into: timeoutMilliseconds, serverCount: count)
        }
    }

    /// A channel by `options`.
    init(_ options: Options) throws(ResolverError) {
        guard AresChannel.libraryStatus == ARES_SUCCESS else {
            throw ResolverError.channel(status: AresChannel.libraryStatus)
        }
        let servers = options.presentServers
        let patience = options.patience(serverCount: servers.count)
        let mailbox = UnsafeMutablePointer<Mailbox>.allocate(capacity: 1)
        unsafe mailbox.initialize(to: Mailbox())
        do throws(ResolverError) {
            unsafe channel = try AresChannel.open(servers, patience, mailbox)
        } catch {
            unsafe mailbox.deinitialize(count: 1)
            unsafe mailbox.deallocate()
            throw error
        }
        unsafe self.mailbox = mailbox
        self.options = options
        self.patience = patience
    }

    /// Lets the next question open the channel anew, and so learn the system's servers again.
    mutating func makeOutdated() { isOutdated = true }

    /// Whether what is asked now goes to servers that the system may name no longer.
    ///
    /// The channel before the present one has to be done before there can be a new one.
    var asksFormerServers: Bool {
        guard isOutdated else { return false }
        return unsafe retired != nil
    }

    /// Opens the channel anew if that is due and the one before is done.
    ///
    /// Should that fail, the present one goes on, and the next question tries again.
    private mutating func renewIfDue() {
        guard unsafe retired == nil else { return }
        if isOutdated, let opened = unsafe openAnew() {
            isOutdated = false
            unsafe replace(by: opened)
        } else if questionCount >= AresChannel.questionsMax,
            let copy = try? unsafe AresChannel.copy(of: channel)
        {
            unsafe replace(by: copy)
        }
    }

    /// A channel to the servers that are to be asked now; nil if they can't be found out.
    private mutating func openAnew() -> ares_channel? {
        let servers = options.presentServers
        guard !servers.isEmpty else { return nil }
        let patience = options.patience(serverCount: servers.count)
        guard let opened = try? unsafe AresChannel.open(servers, patience, mailbox) else {
            return nil
        }
        self.patience = patience
        return unsafe opened
    }

    private mutating func replace(by renewed: ares_channel) {
        unsafe retired = channel
        unsafe channel = renewed
        unsafe mailbox.pointee.retiredPendingCount = unsafe mailbox.pointee.pendingCount
        unsafe mailbox.pointee.pendingCount = 0
        unsafe mailbox.pointee.opening &+= 1
        questionCount = 0
        closeRetiredIfDone()
    }

    /// Closes the channel that was replaced once the last of its questions is answered.
    ///
    /// The closing of its sockets is announced.
    private mutating func closeRetiredIfDone() {
        guard let old = unsafe retired, unsafe mailbox.pointee.retiredPendingCount == 0 else {
            return
        }
        unsafe retired = nil
        unsafe ares_destroy(old)
    }

    deinit {
        // Ends every question, which still wants the mailbox, and closes the sockets.
        unsafe ares_destroy(channel)
        if let retired = unsafe retired { unsafe ares_destroy(retired) }
        unsafe mailbox.deinitialize(count: 1)
        unsafe mailbox.deallocate()
    }

    /// Where the library takes from what makes the numbers of questions hard to guess.
    ///
    /// If it can't be opened, the library takes what anybody can guess, and says nothing of it.
    private static var randomPath: String { "/dev/urandom" }

    private static func checkRandom() throws(ResolverError) {
        guard SystemFile.canBeOpened(randomPath) else {
            throw ResolverError.random(path: randomPath)
        }
    }

    /// A channel like `channel`, which asks the same servers; of files only `randomPath` is read.
    private static func copy(of channel: ares_channel) throws(ResolverError) -> ares_channel {
        try checkRandom()
        var made: ares_channel?
        let status = unsafe ares_dup(&made, channel)
        guard status == ARES_SUCCESS, let copy = unsafe made else {
            throw ResolverError.channel(status: status)
        }
        return unsafe copy
    }

    /// A channel to `servers`; without any, to those that the library finds by itself.
    private static func open(
        _ servers: [Endpoint],
        _ patience: Patience,
        _ mailbox: UnsafeMutablePointer<Mailbox>
    ) throws(ResolverError) -> ares_channel {
        try checkRandom()
        var opened: ares_channel?
        let status = unsafe open(&opened, patience, mailbox)
        guard status == ARES_SUCCESS, let channel = unsafe opened else {
            throw ResolverError.channel(status: status)
        }
        guard !servers.isEmpty else { return unsafe channel }
        let list = servers.map(\.description).joined(separator: ",")
        let serversStatus = unsafe ares_set_servers_ports_csv(channel, list)
        guard serversStatus == ARES_SUCCESS else {
            unsafe ares_destroy(channel)
            throw ResolverError.servers(status: serversStatus)
        }
        return unsafe channel
    }

    private static func open(
        _ channel: inout ares_channel?,
        _ patience: Patience,
        _ mailbox: UnsafeMutablePointer<Mailbox>
    ) -> Int32 {
        var options = unsafe ares_options()
        unsafe options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES
        unsafe options.timeout = Int32(clamping: patience.firstMilliseconds)
        unsafe options.tries = Int32(clamping: patience.tries)
        unsafe options.ndomains = 0
        unsafe options.sock_state_cb = { pointer, descriptor, reads, writes in
            guard let pointer = unsafe pointer else { return }
            let mailbox = unsafe pointer.assumingMemoryBound(to: Mailbox.self)
            unsafe mailbox.pointee.sockets.setInterest(
                descriptor,
                reads: reads != 0,
                writes: writes != 0
            )
        }
        unsafe options.sock_state_cb_data = UnsafeMutableRawPointer(mailbox)
        // "b" is DNS alone: the library would open and read the hosts file at every look-up.
        var lookUps: [CChar] = [CChar(UInt8(ascii: "b")), 0]
        return unsafe lookUps.withUnsafeMutableBufferPointer { text in
            unsafe options.lookups = text.baseAddress
            return unsafe ares_init_options(
                &channel,
                &options,
                ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS
                    | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB
            )
        }
    }

    // MARK: Asking

    /// Asks for the addresses of one family.
    ///
    /// The reply may be there when this returns.
    mutating func ask(_ name: Name, _ family: Family, lookUp: UInt32) {
        renewIfDue()
        questionCount += 1
        unsafe mailbox.pointee.pendingCount += 1
        let question = UnsafeMutablePointer<Question>.allocate(capacity: 1)
        unsafe question.initialize(
            to: Question(
                mailbox: mailbox,
                lookUp: lookUp,
                family: family,
                opening: mailbox.pointee.opening
            )
        )
        let type: Int32 = family == .v6 ? AresChannel.typeAAAA : AresChannel.typeA
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { text in
            for index in 0..<name.count { unsafe text[index] = CChar(bitPattern: name[index]) }
            unsafe text[name.count] = 0
            unsafe ares_query(
                channel,
                text.baseAddress,
                AresChannel.classInternet,
                type,
                AresChannel.didReply,
                question
            )
        }
    }

    private static let classInternet: Int32 = 1
    private static let typeA: Int32 = 1
    private static let typeAAAA: Int32 = 28

    private static let didReply: ares_callback = { pointer, status, _, bytes, count in
        guard let pointer = unsafe pointer else { return }
        let question = unsafe pointer.assumingMemoryBound(to: Question.self)
        let message = unsafe UnsafeBufferPointer(start: bytes, count: Int(count))
        let reply = unsafe Reply(
            lookUp: question.pointee.lookUp,
            family: question.pointee.family,
            status: status,
            message: message
        )
        let mailbox = unsafe question.pointee.mailbox
        unsafe mailbox.pointee.replies.append(reply)
        if unsafe question.pointee.opening == mailbox.pointee.opening {
            unsafe mailbox.pointee.pendingCount -= 1
        } else {
            unsafe mailbox.pointee.retiredPendingCount -= 1
        }
        unsafe question.deinitialize(count: 1)
        unsafe question.deallocate()
    }

    /// A reply that came, or nil.
    mutating func nextReply() -> Reply? {
        closeRetiredIfDone()
        return unsafe mailbox.pointee.replies.popLast()
    }

    // MARK: Sockets and time

    /// A socket whose wishes changed, or nil.
    mutating func nextInterest() -> SocketInterest? {
        unsafe mailbox.pointee.sockets.nextInterest()
    }

    /// Lets the library read from or write to a socket; false if that life of it is over.
    mutating func process(
        _ index: UInt32,
        generation: UInt16,
        readable: Bool,
        writable: Bool
    ) -> Bool {
        let found = unsafe mailbox.pointee.sockets.descriptor(index, generation: generation)
        guard let descriptor = found else { return false }
        let reads = readable || !writable ? descriptor : ARES_SOCKET_BAD
        let writes = writable ? descriptor : ARES_SOCKET_BAD
        // Whose socket it is, each channel knows itself.
        unsafe ares_process_fd(channel, reads, writes)
        if let retired = unsafe retired { unsafe ares_process_fd(retired, reads, writes) }
        unsafe mailbox.pointee.sockets.announceAgain(index, generation: generation)
        return true
    }

    /// Lets the library look at its clock: it asks again or gives up.
    mutating func processTimeouts() {
        unsafe ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
        if let retired = unsafe retired {
            unsafe ares_process_fd(retired, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
        }
    }

    /// When the next question runs out, counted from now; nil if none is on its way.
    ///
    /// This walks over all questions: not to be asked for each of them.
    func nanosecondsToTimeout() -> UInt64? {
        let present = unsafe AresChannel.nanosecondsToTimeout(of: channel)
        guard let retired = unsafe retired,
            let other = unsafe AresChannel.nanosecondsToTimeout(of: retired)
        else { return present }
        return present.map { min($0, other) } ?? other
    }

    private static func nanosecondsToTimeout(of channel: ares_channel) -> UInt64? {
        var room = timeval()
        guard let next = unsafe ares_timeout(channel, nil, &room) else { return nil }
        let seconds = unsafe UInt64(max(0, next.pointee.tv_sec))
        let microseconds = unsafe UInt64(max(0, next.pointee.tv_usec))
        return seconds * 1_000_000_000 + microseconds * 1_000
    }
}
