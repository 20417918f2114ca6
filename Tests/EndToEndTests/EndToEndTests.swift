import Testing

/// The program as its users meet it: started with flags, on real sockets, by real clients.
///
/// Each suite is an extension of this one, and they run one after the other, so that each has the
/// machine for itself.
@Suite(.serialized) struct EndToEndTests {}
