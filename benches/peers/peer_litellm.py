"""LiteLLM's SDK: `acompletion`, its cache, and its `Router` where models fall back."""

import importlib.metadata

import litellm
from litellm import Router
from litellm.caching.caching import Cache

import asking
from asking import Arguments, Messages, Setting

MODELS = ("first", "second", "slow", "limited")


class LiteLlm:
    async def open(self, setting: Setting) -> None:
        self.setting = setting
        litellm.suppress_debug_info = True
        # A model without a price costs it more time.
        price = {"input_cost_per_token": 1e-7, "output_cost_per_token": 4e-7, "litellm_provider": "openai", "mode": "chat"}
        litellm.register_model({name: price for name in MODELS})
        self.router = Router(
            model_list=[{"model_name": name, "litellm_params": self.endpoint(name)} for name in ("limited", "second")],
            fallbacks=[{"limited": ["second"]}],
            num_retries=0,
            cooldown_time=300,
        )

    def endpoint(self, model: str) -> dict[str, str]:
        return {"model": f"openai/{model}", "api_base": self.setting.base_url, "api_key": "none"}

    def version(self) -> str:
        return importlib.metadata.version("litellm")

    def cache(self, kind: str | None) -> None:
        if kind is None:
            litellm.cache = None
        elif kind == "memory":
            litellm.cache = Cache()
        else:
            raise LookupError("not measured, it also keeps what it reads in the process")

    async def ask(self, model: str, messages: Messages, arguments: Arguments) -> object:
        return await litellm.acompletion(
            messages=messages, caching=litellm.cache is not None, **self.endpoint(model), **dict(arguments)
        )

    async def ask_with_fallback(self, messages: Messages) -> object:
        return await self.router.acompletion(model="limited", messages=messages, max_tokens=300, temperature=0)


asking.main(LiteLlm())
