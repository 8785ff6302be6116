"""PyTorch's own attention on the same tensors."""


def sdpa(torch, backend, causal):
    """scaled_dot_product_attention with one back end."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    choice = {"cudnn": SDPBackend.CUDNN_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION}[backend]

    def call(q, k, v):
        with sdpa_kernel(choice):
            return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=q.shape[1] != k.shape[1])

    return call


_compiled = None


def flex(torch, q, k, mask=None, score=None):
    """FlexAttention, compiled, with a block mask made beforehand."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    global _compiled
    if _compiled is None:
        torch._dynamo.config.cache_size_limit = 64
        _compiled = torch.compile(flex_attention, dynamic=False)
    block = create_block_mask(mask, 1, 1, q.shape[2], k.shape[2], device="cuda") if mask else None

    def call(q, k, v):
        return _compiled(q, k, v, score_mod=score, block_mask=block, enable_gqa=q.shape[1] != k.shape[1])

    return call
