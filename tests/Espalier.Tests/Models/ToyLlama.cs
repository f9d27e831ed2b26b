using Espalier.Checkpoints;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

/// <summary>A Llama of two layers whose rows are whole blocks of 32, with random weights; its head is its table of words.</summary>
static class ToyLlama
{
    /// <param name="uneven">The second layer has fewer heads and neurons.</param>
    public static Model Model(bool uneven = false, int layers = 2)
    {
        ModelConfig config = ConfigReader.Read(
            JsonFile.Parse(
                "config.json",
                """
                {"model_type":"llama","vocab_size":96,"hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,
                 "num_key_value_heads":2,"intermediate_size":128,"max_position_embeddings":128,"rms_norm_eps":1e-5,
                 "tie_word_embeddings":true,"initializer_range":0.2}
                """u8.ToArray()
            ),
            null
        );
        config = config with { Layers = [.. Enumerable.Repeat(config.Layers[0], layers)] };
        if (uneven)
        {
            Block second = config.Layers[1];
            config = config with
            {
                Layers =
                [
                    config.Layers[0],
                    second with
                    {
                        Attention = second.Attention with { Heads = 2 },
                        Mlp = second.Mlp with { Width = 96 },
                    },
                ],
            };
        }

        Parameters parameters = new();
        Drawing.Missing(parameters, config, new Rng(7));
        return new Model(config, parameters, new Traits());
    }
}
