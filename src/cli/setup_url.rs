//! The link of the first start (decisions, section 11): shown on the terminal and in a file of the data folder, never in the
//! log. `entrepot setup-url` makes a new one.

use std::{fmt::Write as _, time::Duration};

use entrepot_core::{Core, Error};
use serde_json::json;

use crate::{
    announce,
    arguments::Place,
    control,
    data_folder::DataFolder,
    exit::{self, Failure},
    house, load, runtime, terminal,
};

/// Between two looks whether setup is done.
const LOOK: Duration = Duration::from_secs(2);

/// `entrepot setup-url`: in the running server if there is one, else in the database.
///
/// # Errors
/// There is an administrator, or nothing to write to.
pub(crate) fn run(place: &Place) -> anyhow::Result<()> {
    let folder = DataFolder::at(&place.data_dir)?;
    if let Some(answer) = control::ask(&folder, &json!({ "command": "setup_url" }))? {
        let urls = answer["urls"].as_array().cloned().unwrap_or_default();
        for url in urls.iter().filter_map(|url| url.as_str()) {
            println!("{url}");
        }
        return Ok(());
    }
    let loaded = entrepot_config::load(load::sources(&folder, place)?)?;
    if !folder.path().is_dir() {
        let path = folder.path().display();
        return Err(Failure::with_code(
            exit::DATA,
            format!("there is no data folder {path}; start the server first: entrepot serve"),
        ));
    }
    let bases = configured_bases(&loaded.settings);
    let urls = runtime::build_small()?.block_on(async {
        let store = load::open_store(&loaded)?;
        let (settings, sealer) = (loaded.settings.clone(), house::sealer(&loaded.settings)?);
        let settings = std::sync::Arc::new(arc_swap::ArcSwap::from_pointee(settings));
        let core = house::start_core(settings, folder.path().to_owned(), store, sealer).await?;
        let urls = make(&core, &folder, &bases).await;
        core.stop(Duration::from_secs(5)).await;
        urls
    })?;
    for url in urls {
        println!("{url}");
    }
    eprintln!("The server is not running: start it, then open the link.");
    Ok(())
}

/// Makes a new token, writes the link to its file and answers with it, once per way to reach the server.
///
/// # Errors
/// There is an administrator already.
pub(crate) async fn make(core: &Core, folder: &DataFolder, bases: &[String]) -> anyhow::Result<Vec<String>> {
    let token = core.create_setup_token().await.map_err(|error| match error {
        Error::Conflict(_) => Failure::plain("there is an administrator already; `entrepot resetpwd` gives one a new password"),
        other => Failure::plain(format!("the link cannot be made: {other}")),
    })?;
    let urls = links(bases, &token);
    if let Some(url) = urls.first() {
        folder.write_setup_url(url)?;
    }
    Ok(urls)
}

/// The text for the terminal while there is no administrator; `None` if there is one. A link from before that still works
/// goes on working: somebody may have it open.
pub(crate) async fn at_start(core: &Core, folder: &DataFolder, bases: &[String]) -> anyhow::Result<Option<String>> {
    let needed = core.setup_required().await.map_err(|error| Failure::with_code(exit::DATA, error.to_string()))?;
    if !needed {
        folder.remove_setup_url();
        return Ok(None);
    }
    let urls = match known_token(core, folder).await {
        Some(token) => links(bases, &token),
        None => make(core, folder, bases).await?,
    };
    let Some(url) = urls.first() else {
        return Ok(Some(
            "  Setup      no web listener serves the setup page; make an administrator with ENTREPOT_DEFAULT_ADMIN_USERNAME \
             and _PASSWORD\n"
                .to_owned(),
        ));
    };
    folder.write_setup_url(url)?;
    core.tasks().spawn(remove_when_done(core.clone(), folder.clone()));
    let mut text = String::from("  Open this link once to make the administrator:\n\n");
    for url in &urls {
        let _ = writeln!(text, "  {url}");
    }
    if terminal::is_terminal()
        && let Some(picture) = terminal::qr(url, true)
    {
        let _ = write!(text, "\n{picture}\n");
    }
    Ok(Some(text))
}

fn links(bases: &[String], token: &str) -> Vec<String> {
    bases.iter().map(|base| format!("{base}/setup/{token}")).collect()
}

async fn known_token(core: &Core, folder: &DataFolder) -> Option<String> {
    let url = std::fs::read_to_string(folder.setup_file()).ok()?;
    let token = url.trim().rsplit('/').next()?.to_owned();
    core.check_setup_token(&token).await.ok().map(|()| token)
}

/// A link that works no more should not lie around.
async fn remove_when_done(core: Core, folder: DataFolder) {
    while core.tasks().rest(LOOK).await {
        if core.setup_required().await == Ok(false) {
            folder.remove_setup_url();
            return;
        }
    }
}

/// Where the web would listen.
fn configured_bases(settings: &entrepot_config::Settings) -> Vec<String> {
    let listeners = settings.httpd.bindings.iter().filter(|binding| binding.port != 0).filter_map(|binding| {
        let ip = binding.address.trim().trim_start_matches('[').trim_end_matches(']');
        let ip = if ip.is_empty() { "0.0.0.0" } else { ip };
        Some(house::WebAddress {
            address: (ip.parse::<std::net::IpAddr>().ok()?, binding.port).into(),
            is_encrypted: binding.enable_https,
            redirects: binding.redirect_to_https && !binding.enable_https,
            has_setup: binding.enable_web_admin,
            base_url: binding.base_url.clone(),
        })
    });
    announce::setup_bases(&listeners.collect::<Vec<_>>())
}
