import Testing

/// The program as its users meet it: started with flags, on real sockets, by real clients.
///
/// Each suite is an extension of this one, and they run one after the other; several processes
/// share them (`Tests/run.sh`), so that one's waiting is another's time.
@Suite(.serialized) struct EndToEndTests {}

/// The same, where what is measured would not stand what others do to the machine meanwhile.
@Suite(.serialized) struct AloneTests {
    typealias MethodTunnels = EndToEndTests.MethodTunnels
}
