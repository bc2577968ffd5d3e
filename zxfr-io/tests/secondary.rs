//! A secondary against primaries of all kinds, over real sockets on this machine.

mod store;

use std::time::Duration;
use store::{Store, key, name, policy, records, version};
use tokio::time::Instant;
use zxfr_core::refresh::Failure;
use zxfr_core::serial::Serial;
use zxfr_io::client::Kind;
use zxfr_io::notify::Target;
use zxfr_io::secondary::{Next, What};

fn any() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[tokio::test]
async fn a_zone_comes_and_then_its_changes_through_a_hub() {
    let [origin, hub, edge] = [Store::new(), Store::new(), Store::new()];
    let [at_origin, at_hub, at_edge] = [&origin, &hub, &edge].map(|store| store.serve(any()));
    let target = |serving: &store::Serving| vec![Target { addr: serving.addr, key: Some(key()) }];
    let _tasks = [origin.tell(target(&at_hub)), hub.tell(target(&at_edge)), hub.refresh(), edge.refresh()];
    origin.publish(version("example.", 1, 5_000));
    hub.follow("example.", &[at_origin.addr], policy());
    edge.follow("example.", &[at_hub.addr], policy());
    edge.until_serial("example.", 1).await;
    for serial in 2..=20 {
        origin.publish(version("example.", serial, 5_000));
        edge.until_serial("example.", serial).await;
    }
    assert_eq!(records(&edge.held("example.").unwrap()), records(&origin.held("example.").unwrap()));
    for store in [&hub, &edge] {
        let attempts = store.attempts.lock().unwrap();
        let transfers: Vec<_> = attempts.iter().filter(|attempt| attempt.installed).collect();
        assert_eq!(transfers.len(), 20, "{attempts:#?}");
        for (transfer, to) in transfers.iter().zip(1..) {
            assert_eq!(transfer.to, Some(Serial(to)));
            assert!(transfer.result.is_ok());
            assert!(matches!(transfer.next, Next::Check(_)), "{transfer:?}");
            if to > 1 {
                let from = Serial(to - 1);
                assert_eq!((transfer.what, transfer.kind), (What::Ixfr, Some(Kind::Ixfr { from, deltas: 1 })));
                assert_eq!(transfer.totals.records, 10);
            }
        }
    }
    let status = edge.secondary().status(name("example.").as_ref()).unwrap();
    assert_eq!((status.serial, status.expired, status.failure), (Some(Serial(20)), false, None));
    assert!(status.transfer.is_none() && status.next_check.is_some_and(|next| next > Duration::from_secs(3000)));
    assert!(edge.secondary().expires_in(name("example.").as_ref()).is_some_and(|left| left > 86_000));
    let told = origin.notified.lock().unwrap();
    assert!(told.iter().all(|report| report.result.is_ok() && report.tries == 1), "{told:?}");
}
