using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Models.Walk;
using Espalier.Stored;
using Espalier.Text.Formats;

namespace Espalier.Export;

/// <summary>What an ONNX file shall hold, beyond the model.</summary>
/// <param name="Effort">Of <see cref="ExitForm.If"/>: the rule and threshold by which texts leave.</param>
public sealed record OnnxOptions(ExitForm Exits, Effort Effort)
{
    /// <summary>How weights in rows of int8 are multiplied; null: by <see cref="Int8Form.Products"/>.</summary>
    public Int8Form? Int8 { get; init; }
}

/// <summary>How a file multiplies with weights of int8 that have a scale for each row.</summary>
public enum Int8Form
{
    /// <summary>MatMulInteger, with rows rounded as Espalier rounds them: our integers exactly.</summary>
    Products,

    /// <summary>
    /// QuantizeLinear and DequantizeLinear around products of fp32, from which a runtime makes integer products. Rows are rounded around 0,
    /// otherwise than ours, in fewer nodes: what ONNX Runtime is fastest with.
    /// </summary>
    Qdq,

    /// <summary>
    /// DequantizeLinear of the weights in front of products of fp32. How a runtime multiplies then is its own affair: ONNX Runtime rounds
    /// rows too.
    /// </summary>
    Weights,
}

/// <summary>
/// A model as ONNX Runtime, optimum and transformers.js take it: inputs and outputs are named as optimum names them, batch and
/// length may be any.
/// </summary>
public static class OnnxModel
{
    const string Batch = "batch_size";
    const string Tokens = "sequence_length";
    const string Past = "past_sequence_length";

    /// <summary>As transformers.js looks for each number format.</summary>
    public static string FileName(Model model) =>
        FormsOf(model).Any(f => f is GroupedWeight { Bits: 4 }) ? "model_q4.onnx"
        : MultipliesIntegers(model) ? "model_quantized.onnx"
        : "model.onnx";

    /// <summary>Whether some products are of integers, which round ties otherwise where what came before differs in its last bit.</summary>
    public static bool MultipliesIntegers(Model model) =>
        FormsOf(model).Any(f => f is Int8Rows or GroupedWeight);

    /// <summary>Why there can be no such file, one sentence each.</summary>
    public static IEnumerable<string> Problems(Model model, OnnxOptions options)
    {
        ModelConfig config = model.Config;
        bool rows = FormsOf(model).Any(f => f is Int8Rows);
        if (options.Exits != ExitForm.None && config.IsLanguage)
        {
            yield return $"A {config.Family.ModelType} model says which token comes next, and the file cannot hold early exits of it: behind a token that left, later ones need its keys and values of all layers; leave --exits out.";
        }
        else if (options.Exits != ExitForm.None && !config.HasExits)
        {
            yield return "The model has no early exits; leave --exits out, or make some with the operator E.";
        }
        else if (
            options is { Exits: ExitForm.If, Effort.Rule: not (ExitRule.Patience or ExitRule.Exit) }
            && config.Regression
        )
        {
            yield return $"The model predicts a number, and of a number no exit is sure by {options.Effort}; take patience:2 or exit:1.";
        }

        if (options.Int8 is not null && !rows)
        {
            yield return "The model has no weights in rows of int8; quantize it with the operator Q first, or leave --int8 out.";
        }

        if (OddGroups(model) is { } odd)
        {
            yield return $"'{odd.Part.Weight}' has {odd.Weight}, and ONNX Runtime's MatMulNBits has groups of 16 columns or a power of two above; quantize again with another group.";
        }
    }

    /// <summary>Writes a folder that optimum and transformers.js read: <c>onnx/</c>, config.json and the tokenizer's files.</summary>
    /// <param name="folder">It is there, and somebody else publishes it.</param>
    /// <returns>The model's file in it. Numbers that are too many for one file lie in another beside it.</returns>
    /// <exception cref="ArgumentException">There can be no such file: see <see cref="Problems"/>.</exception>
    public static string Write(Model model, OnnxOptions options, string folder)
    {
        // Neither of the readers knows how weights were quantized, nor has to.
        byte[] config = ConfigWriter.HuggingFace(model with { Traits = new Traits() });
        File.WriteAllBytes(Path.Combine(folder, ModelFolder.ConfigName), config);
        foreach (var (name, content) in TokenizerOf(model))
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        string path = Path.Combine(folder, "onnx", FileName(model));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Build(model, options).Write(path);
        return path;
    }

    /// <summary>tokenizer.json among them, since transformers.js reads nothing older.</summary>
    static IReadOnlyDictionary<string, byte[]> TokenizerOf(Model model) =>
        model.Tokenizer is not { } tokenizer ? new Dictionary<string, byte[]>()
        : tokenizer.Files() is var files && files.ContainsKey("tokenizer.json") ? files
        : TokenizerFiles.Write(tokenizer);

    internal static OnnxFile Build(Model model, OnnxOptions options)
    {
        if (Problems(model, options).FirstOrDefault() is { } problem)
        {
            throw new ArgumentException(problem);
        }

        model = model.Config.IsLanguage ? model.WithoutExits() : model;
        ModelConfig config = model.Config;
        OnnxGraph graph = new();
        OnnxFile file = new(graph);
        DeclareInputs(file, config);
        OnnxExits exits = new(graph, file, config, options.Exits, options.Effort);
        Forward.Run(
            config,
            new OnnxArithmetic(
                graph,
                model,
                new OnnxAttention(graph, config),
                new OnnxProducts(graph, model, options.Int8 ?? Int8Form.Products),
                exits
            )
        );
        file.Metadata.Add(("pipeline", string.Concat(model.History.Select(a => a.Text))));
        if (options.Exits == ExitForm.If)
        {
            file.Metadata.Add(("effort", $"{options.Effort}"));
        }

        return file;
    }

    static void DeclareInputs(OnnxFile file, ModelConfig config)
    {
        string[] each = [Batch, Tokens];
        file.Inputs.Add(new OnnxValue("input_ids", OnnxType.Int64, each));
        if (!config.IsLanguage)
        {
            file.Inputs.Add(new OnnxValue("attention_mask", OnnxType.Int64, each));
            if (config.Types > 1)
            {
                file.Inputs.Add(new OnnxValue("token_type_ids", OnnxType.Int64, each));
            }

            return;
        }

        string all = $"{Past} + {Tokens}";
        file.Inputs.Add(new OnnxValue("attention_mask", OnnxType.Int64, [Batch, all]));
        file.Inputs.Add(new OnnxValue("position_ids", OnnxType.Int64, each));
        for (int i = 0; i < config.Layers.Count; i++)
        {
            AttentionSpec spec = config.Layers[i].Attention;
            foreach (string name in (ReadOnlySpan<string>)["key", "value"])
            {
                OnnxValue past = new(
                    $"past_key_values.{i}.{name}",
                    OnnxType.Float,
                    [Batch, $"{spec.KeyHeads}", Past, $"{spec.Width}"]
                );
                file.Inputs.Add(past);
                file.Outputs.Add(
                    past with
                    {
                        Name = $"present.{i}.{name}",
                        Shape = [Batch, $"{spec.KeyHeads}", all, $"{spec.Width}"],
                    }
                );
            }
        }
    }

    /// <summary>Of all matrices of layers.</summary>
    static IEnumerable<Weight> FormsOf(Model model) => MatricesOf(model).Select(m => m.Weight);

    static IEnumerable<(Part Part, Weight Weight)> MatricesOf(Model model) =>
        model
            .Parameters.Names.Select(Part.Of)
            .Distinct()
            .Where(p => p.Stretch == Stretch.Layer && !p.IsNorm)
            .Select(p => (p, OnnxProducts.FormOf(model, p)));

    static (Part Part, GroupedWeight Weight)? OddGroups(Model model)
    {
        foreach (var (part, weight) in MatricesOf(model))
        {
            if (weight is GroupedWeight grouped && !OnnxProducts.HasBlocks(grouped))
            {
                return (part, grouped);
            }
        }

        return null;
    }
}
