//! `entrepot ping` (CLI-015): asks the running server itself, and then its health page where it is served unencrypted.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::json;

use crate::{arguments::Place, control, data_folder::DataFolder, exit::Failure};

/// Time for each step.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints `OK` if the server is well.
///
/// # Errors
/// It is not, or there is none.
pub(crate) fn run(place: &Place) -> anyhow::Result<()> {
    let folder = DataFolder::at(&place.data_dir)?;
    if control::ask(&folder, &json!({ "command": "ping" }))?.is_none() {
        let path = folder.path().display();
        return Err(Failure::plain(format!("no server is running for the data folder {path}")));
    }
    let ready = folder.read_ready().unwrap_or_default();
    let web = ready["http"].as_array().cloned().unwrap_or_default();
    let urls = std::iter::once(ready["telemetry"].clone()).chain(web);
    let plain = urls.filter_map(|url| url.as_str()?.strip_prefix("http://")?.parse::<SocketAddr>().ok()).next();
    if let Some(address) = plain {
        healthz(address).map_err(|reason| Failure::plain(format!("http://{address}/healthz: {reason}")))?;
    }
    println!("OK");
    Ok(())
}

fn healthz(address: SocketAddr) -> Result<(), String> {
    let get = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nUser-Agent: entrepot-ping\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.take(16 * 1024).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = get().map_err(|error| error.to_string())?;
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    if line.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(format!("the answer is {line:?}")) }
}
