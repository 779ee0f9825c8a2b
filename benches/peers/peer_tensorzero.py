"""TensorZero: the gateway embedded in its Python package, its cache in Valkey (or Redis), and `routing`."""

import importlib.metadata
import tempfile

from tensorzero import AsyncTensorZeroGateway

import asking
from asking import Arguments, Messages, Setting

PROVIDER = """
[models.{model}.providers.{name}]
type = "openai"
api_base = "{base_url}/"
api_key_location = "none"
model_name = "{name}"
"""


def config(base_url: str) -> str:
    text = "[gateway]\ndisable_pseudonymous_usage_analytics = true\nobservability.enabled = false\n"
    routes = {"first": ["first"], "slow": ["slow"], "falling_back": ["limited", "second"]}
    for model, names in routes.items():
        routing = ", ".join(f'"{name}"' for name in names)
        text += f"\n[models.{model}]\nrouting = [{routing}]\n"
        text += "".join(PROVIDER.format(model=model, name=name, base_url=base_url) for name in names)
    return text


class TensorZero:
    async def open(self, setting: Setting) -> None:
        self.port = setting.redis_port
        self.caching = "off"
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(config(setting.base_url))
            file.flush()
            self.gateway = await AsyncTensorZeroGateway.build_embedded(
                config_file=file.name,
                valkey_url=f"redis://127.0.0.1:{self.port}" if self.port else None,
            )

    def version(self) -> str:
        return importlib.metadata.version("tensorzero")

    def cache(self, kind: str | None) -> None:
        if kind == "memory":
            raise LookupError("it has none")
        if kind and self.port is None:
            raise LookupError("no redis-server or valkey-server on this machine")
        self.caching = "on" if kind else "off"

    async def ask(self, model: str, messages: Messages, arguments: Arguments) -> object:
        system, *rest = messages
        return await self.gateway.inference(
            model_name=model,
            input={"system": system["content"], "messages": rest},
            params={"chat_completion": dict(arguments)},
            cache_options={"enabled": self.caching},
        )

    async def ask_with_fallback(self, messages: Messages) -> object:
        return await self.ask("falling_back", messages, asking.USUAL)


asking.main(TensorZero())
