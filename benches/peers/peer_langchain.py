"""LangChain: `ainvoke` of a chat model, its cache in memory, and `with_fallbacks`."""

import importlib.metadata

from langchain.chat_models import init_chat_model
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache

import asking
from asking import Arguments, Messages, Setting


class LangChain:
    async def open(self, setting: Setting) -> None:
        self.models = {
            name: init_chat_model(
                name, model_provider="openai", base_url=setting.base_url, api_key="none", max_retries=0
            )
            for name in ("first", "second", "slow", "limited")
        }
        self.falling_back = self.models["limited"].with_fallbacks([self.models["second"]])

    def version(self) -> str:
        return importlib.metadata.version("langchain") + ", core " + importlib.metadata.version("langchain-core")

    def cache(self, kind: str | None) -> None:
        if kind == "redis":
            raise LookupError("another package")
        set_llm_cache(InMemoryCache() if kind else None)

    async def ask(self, model: str, messages: Messages, arguments: Arguments) -> object:
        return await self.models[model].ainvoke(messages, **dict(arguments))

    async def ask_with_fallback(self, messages: Messages) -> object:
        return await self.falling_back.ainvoke(messages, max_tokens=300, temperature=0)


asking.main(LangChain())
