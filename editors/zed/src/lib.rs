//! Tells Zed how Recoder's language server is started, and what its settings are.

use zed_extension_api::{
    self as zed,
    serde_json::{json, Value},
    settings::LspSettings,
    LanguageServerId, Result, Worktree,
};

const PROGRAM: &str = "recoder-lsp";

struct Recoder;

impl zed::Extension for Recoder {
    fn new() -> Self {
        Self
    }

    fn language_server_command(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<zed::Command> {
        let named = LspSettings::for_worktree(server.as_ref(), worktree)?.binary;
        let (path, arguments) = named.map_or((None, None), |binary| (binary.path, binary.arguments));
        let command = path
            .or_else(|| worktree.which(PROGRAM))
            .ok_or_else(|| format!("{PROGRAM} is not on the PATH: install it, or set lsp.recoder.binary.path"))?;
        Ok(zed::Command {
            command,
            args: arguments.unwrap_or_default(),
            env: worktree.shell_env(),
        })
    }

    fn language_server_initialization_options(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(server.as_ref(), worktree)?.initialization_options)
    }

    fn language_server_workspace_configuration(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        let settings = LspSettings::for_worktree(server.as_ref(), worktree)?.settings;
        Ok(settings.map(|settings| json!({ "recoder": settings })))
    }
}

zed::register_extension!(Recoder);
