//! Listeners: whether all of them could be opened, beside each other and on this machine.

use std::net::SocketAddr;

use entrepot_config::{Loaded, Settings};
use entrepot_core::Obstacle;
use entrepot_net::{BindSpec, NetError, could_bind, do_collide, inherited};

use super::{Scene, obstacle};

/// Every listener that the settings turn on: its service, and where.
pub(crate) fn specs(settings: &Settings) -> impl Iterator<Item = (&'static str, BindSpec)> {
    let spec = |section: &str, index: usize, address: &str, port: u16| BindSpec {
        address: address.to_owned(),
        port,
        setting_key: format!("{section}.bindings[{index}]"),
    };
    let sftp = settings.sftpd.bindings.iter().enumerate();
    let sftp = sftp.map(move |(index, binding)| ("sftpd", spec("sftpd", index, &binding.address, binding.port)));
    let web = settings.httpd.bindings.iter().enumerate();
    let web = web.map(move |(index, binding)| ("httpd", spec("httpd", index, &binding.address, binding.port)));
    let (address, port) = (settings.telemetry.bind_address.clone(), settings.telemetry.bind_port);
    let telemetry = ("telemetry", BindSpec { address, port, setting_key: "telemetry".to_owned() });
    sftp.chain(web).chain([telemetry]).filter(|(_, spec)| spec.port != 0).collect::<Vec<_>>().into_iter()
}

/// Whether the service itself says what it thinks of the path of a socket, when it looks at its settings; of one of SFTP only
/// the attempt to listen says it.
pub(crate) fn is_path_of_service(service: &str, spec: &BindSpec) -> bool {
    service != "sftpd" && spec.address.starts_with('/')
}

/// Those that this process would open itself.
fn opened(settings: &Settings) -> Vec<BindSpec> {
    let is_opened = |(service, spec): &(&str, BindSpec)| !is_path_of_service(service, spec) && !inherited::is_there(spec);
    specs(settings).filter(is_opened).map(|(_, spec)| spec).collect()
}

/// What keeps them from being opened.
pub(super) fn check(loaded: &Loaded, scene: &Scene) -> Vec<Obstacle> {
    let mut obstacles = if scene.any_port { Vec::new() } else { collisions(&loaded.settings) };
    // One that collides is named once.
    let is_named = |spec: &BindSpec, found: &[Obstacle]| found.iter().any(|one| one.keys.first() == Some(&spec.member("port")));
    for spec in opened(&loaded.settings) {
        if is_named(&spec, &obstacles) {
            continue;
        }
        let tried = spec.socket_address().and_then(|address| try_at(&spec, address, scene));
        obstacles.extend(tried.err().map(|error| obstacle(&error.into(), loaded)));
    }
    obstacles
}

/// Listeners that want the place of one before them.
pub(crate) fn collisions(settings: &Settings) -> Vec<Obstacle> {
    let specs = opened(settings);
    let place = |spec: &BindSpec| spec.socket_address().ok();
    let is_other =
        |one: &BindSpec, other: &BindSpec| matches!((place(one), place(other)), (Some(a), Some(b)) if do_collide(a, b));
    let collides = |(index, spec)| {
        let other = specs[..index].iter().find(|other| is_other(spec, other))?;
        Some(collision(spec, other))
    };
    specs.iter().enumerate().filter_map(collides).collect()
}

/// Opens it for a moment, unless this process has it: one that is in the way of it is gone at the start.
fn try_at(spec: &BindSpec, address: SocketAddr, scene: &Scene) -> Result<(), NetError> {
    if scene.held.iter().any(|held| held.port() == address.port() && held.ip().to_canonical() == address.ip().to_canonical()) {
        return Ok(());
    }
    let somewhere = BindSpec { port: 0, ..spec.clone() };
    if scene.any_port {
        return could_bind(&somewhere);
    }
    match could_bind(spec) {
        Err(NetError::InUse { .. }) if scene.held.iter().any(|held| do_collide(*held, address)) => could_bind(&somewhere),
        tried => tried,
    }
}

fn collision(spec: &BindSpec, other: &BindSpec) -> Obstacle {
    let keys = ["port", "address"].into_iter().flat_map(|name| [spec.member(name), other.member(name)]).collect();
    let message = format!("{} and {} would both listen on port {}", other.setting_key, spec.setting_key, spec.port);
    Obstacle { keys, message, may_pass: false }
}
