use super::super::reply_to_unread;
use super::*;
use crate::tsig::NoMac;
use crate::wire::{Edns, Layout};

fn parsed(octets: &[u8]) -> (Message<'_>, Layout) {
    let message = Message::new(octets).unwrap();
    let layout = message.layout().unwrap();
    (message, layout)
}

#[test]
fn a_reply_has_the_zone_and_nothing_else() {
    let octets = message_to("Example.", &[], &[a("a.example.", 1)]);
    let request = Message::new(&octets).unwrap();
    let request = Request::read(&request).unwrap();
    for rcode in [Rcode::NOERROR, Rcode::NXRRSET, Rcode::NOTZONE] {
        let reply = request.reply::<NoMac>(rcode, None, NOW);
        let (reply, _) = parsed(&reply);
        let header = reply.header();
        assert_eq!(
            (header.id, header.questions, header.answers, header.authorities, header.additionals),
            (4711, 1, 0, 0, 0)
        );
        assert_eq!(header.flags, Flags::of(Opcode::UPDATE).with(Flags::QR).with_rcode(rcode));
        let zone = reply.question().unwrap().unwrap();
        assert!(zone.qname.as_ref().octets_eq(name("Example.").as_ref()));
        assert_eq!((zone.qtype, zone.qclass), (Rtype::SOA, Class::IN));
    }
}

#[test]
fn what_cannot_be_read_gets_its_header_back() {
    let mut octets = message(&[], &[a("a.example.", 1)]);
    octets.pop();
    let request = Message::new(&octets).unwrap();
    let refusal = Request::read(&request).unwrap_err();
    let reply = reply_to_unread(request.header(), &refusal);
    let (reply, _) = parsed(&reply);
    assert_eq!(reply.octets().len(), 12);
    assert_eq!((reply.header().id, reply.header().flags.rcode()), (4711, Rcode::FORMERR));
    assert_eq!(reply.header().flags.opcode(), Opcode::UPDATE);
}

#[test]
fn edns_is_answered_with_edns() {
    let with_edns = |version| {
        let mut octets = message(&[], &[]);
        let mut opt = [0; 64];
        let len = Edns { version, ..Edns::QUERY }.write(&mut opt).unwrap();
        octets[11] = 1;
        octets.extend_from_slice(&opt[..len]);
        octets
    };
    let octets = with_edns(0);
    let request = Message::new(&octets).unwrap();
    let reply = Request::read(&request).unwrap().reply::<NoMac>(Rcode::REFUSED, None, NOW);
    let (reply, layout) = parsed(&reply);
    assert_eq!(Edns::read(&reply, &layout).unwrap().unwrap().rcode(&reply), Rcode::REFUSED);
    let octets = with_edns(1);
    let request = Message::new(&octets).unwrap();
    let refusal = Request::read(&request).unwrap_err();
    assert_eq!(refusal, Refusal::EdnsVersion(1));
    let reply = reply_to_unread(request.header(), &refusal);
    let (reply, layout) = parsed(&reply);
    assert_eq!(Edns::read(&reply, &layout).unwrap().unwrap().rcode(&reply), Rcode::BADVERS);
}

#[cfg(feature = "rustcrypto")]
mod signed {
    use super::*;
    use crate::tsig::rustcrypto::Hmac;
    use crate::tsig::{Algorithm, Key, TsigRecord, Verdict, Verifier, sign_request, verify_request};

    fn key(secret: &[u8]) -> Key<Hmac> {
        Key::new(name("key.").as_ref(), Algorithm::HmacSha256, secret).unwrap()
    }

    fn signed(octets: &mut Vec<u8>, key: &Key<Hmac>) -> Verifier<Hmac> {
        let len = octets.len();
        octets.resize(len + 512, 0);
        let (len, verifier) = sign_request(key, octets, len, NOW).unwrap();
        octets.truncate(len);
        verifier
    }

    #[test]
    fn a_signed_request_gets_a_signed_reply() {
        let mut octets = message(&[], &[a("a.example.", 1)]);
        let mut verifier = signed(&mut octets, &key(b"secret"));
        let request = Message::new(&octets).unwrap();
        let request = Request::read(&request).unwrap();
        let record = TsigRecord::read(request.message(), request.layout()).unwrap().unwrap();
        let mut signer = verify_request(request.message(), request.layout(), &record, [key(b"secret")], NOW).unwrap();
        let reply = request.reply(Rcode::NOERROR, Some(&mut signer), NOW);
        let (reply, layout) = parsed(&reply);
        assert_eq!(verifier.verify(&reply, &layout, NOW).unwrap(), Verdict::Signed);
    }

    #[test]
    fn a_wrong_signature_is_told() {
        let mut octets = message(&[], &[a("a.example.", 1)]);
        signed(&mut octets, &key(b"other"));
        let request = Message::new(&octets).unwrap();
        let request = Request::read(&request).unwrap();
        let record = TsigRecord::read(request.message(), request.layout()).unwrap().unwrap();
        let rejection =
            verify_request(request.message(), request.layout(), &record, [key(b"secret")], NOW).unwrap_err();
        let reply = request.reject(rejection);
        let (reply, layout) = parsed(&reply);
        assert_eq!(reply.header().flags.rcode(), Rcode::NOTAUTH);
        let record = TsigRecord::read(&reply, &layout).unwrap().unwrap();
        assert_eq!(record.error, Rcode::BADSIG);
    }
}
