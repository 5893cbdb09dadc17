//! Listeners that come and go.

use std::time::Duration;

use arc_swap::ArcSwap;
use entrepot_core::{Core, CoreOptions, NoEventSink, NoHooks, SystemClock, Tasks, fs::door::BuiltInStorages};
use entrepot_net::AllowAll;
use entrepot_store::{Store, StoreOptions};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};

use super::*;
use crate::SshServer;

async fn server(folder: &std::path::Path) -> SshServer {
    let settings = entrepot_config::load(entrepot_config::Sources::new(folder)).unwrap().settings;
    let core = Core::start(CoreOptions {
        settings: Arc::new(ArcSwap::from_pointee(settings)),
        data_directory: folder.to_owned(),
        store: Store::open(StoreOptions::in_memory()).unwrap(),
        sealer: entrepot_secrets::Sealer::default(),
        tasks: Tasks::new(tokio::runtime::Handle::current(), 1),
        clock: Arc::new(SystemClock),
        hooks: Arc::new(NoHooks),
        sink: Arc::new(NoEventSink),
        storages: Arc::new(BuiltInStorages),
    });
    SshServer::new(core.await.unwrap(), Arc::new(AllowAll), &[], "Entrepot", "1").unwrap()
}

async fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut greeting = [0; 8];
    timeout(Duration::from_secs(20), stream.read_exact(&mut greeting)).await.unwrap().unwrap();
    assert_eq!(&greeting, b"SSH-2.0-");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_stops_and_another_takes_its_address_while_connections_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let mut spec = BindSpec { address: "127.0.0.1".into(), port: 0, setting_key: "sftpd.bindings[0]".into() };
    let listening = server.listen(&spec, None).unwrap();
    let address = listening.address();
    let mut connection = connect(address).await;
    listening.stop().await;
    assert!(TcpStream::connect(address).await.is_err(), "the address is free");
    spec.port = address.port();
    let again = server.listen(&spec, None).unwrap();
    drop(connect(address).await);
    let mut rest = [0; 256];
    // The rest of the greeting, and then silence: nobody hung up.
    while let Ok(count) = timeout(Duration::from_millis(300), connection.read(&mut rest)).await {
        assert_ne!(count.unwrap(), 0, "the first connection was cut");
    }
    again.stop().await;
}
