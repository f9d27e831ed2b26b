using Espalier.Export;
using Espalier.Models;

namespace Espalier.Cli.Reports;

/// <summary>README.md of an exported folder, with the fields in front that the Hugging Face Hub reads.</summary>
static class ModelCard
{
    public const string Name = "README.md";

    /// <param name="name">What the hub calls it.</param>
    public static string Of(
        Model model,
        OnnxOptions options,
        ExportReport report,
        CardFacts facts,
        string name
    )
    {
        ModelConfig config = model.Config;
        string file = $"onnx/{OnnxModel.FileName(model)}",
            task = config.IsLanguage ? "text-generation" : "text-classification",
            kind = config.IsLanguage ? "CausalLM" : "SequenceClassification";
        return $"""
            ---
            library_name: transformers.js
            pipeline_tag: {task}
            tags:
            - onnx
            - espalier
            {facts.Head(name, task)}---

            # {config.Family.ModelType} for {task}

            {Layers(config)} {(
                config.IsLanguage ? "" : $"It answers {Labels(config)}. "
            )}Written by Espalier {report.Machine.Espalier}.

            ## How it was made

            {(model.History.Count == 0 ? "No operator was applied here.\n" : History(model))}
            {facts.Section()}## How it answers

            `{file}`, {Shown.Bytes(report.Bytes)}{Exits(options)}, was run before it was written, on {report.Found[0].Texts} texts of {TextTable.Cell(
                report.Task
            )}. {report.Machine.Processor}, {report.Machine.Threads} threads.

            {report.Table().Markdown()}
            ## How to load it

            ```python
            from optimum.onnxruntime import ORTModelFor{kind}

            model = ORTModelFor{kind}.from_pretrained("this-folder", file_name="{file}")
            ```

            ```js
            import {"{"} pipeline {"}"} from "@huggingface/transformers";

            const answer = await pipeline("{task}", "./this-folder", {"{"} dtype: "{Type(model)}" {"}"});
            ```

            Licence: {(
                facts.Licence is { } licence
                    ? $"{licence}, as the card of the model that was exported says."
                    : "that of the model and the data that it was made from, which Espalier does not know."
            )}

            """;
    }

    static string Layers(ModelConfig config)
    {
        string heads = Each(config.Layers.Select(l => l.Attention.Heads)),
            neurons = Each(config.Layers.Select(l => l.Mlp.Width));
        return $"{config.Layers.Count} layers of {config.Hidden} columns with {heads} heads and {neurons} neurons.";
    }

    /// <summary>One number where all are the same.</summary>
    static string Each(IEnumerable<int> numbers) =>
        numbers.Distinct().Count() == 1 ? $"{numbers.First()}" : string.Join(", ", numbers);

    static string Labels(ModelConfig config) =>
        config.Regression ? "a number" : TextTable.Cell(ClassOrder.Show(config.Labels));

    static string History(Model model) =>
        new TextTable(
            TextTable.Words("operator", "version", "seed"),
            model.History.Select(a => (string[])[a.Text, $"{a.Version}", $"{a.Seed}"])
        ).Markdown();

    static string Exits(OnnxOptions options) =>
        options.Exits switch
        {
            ExitForm.If => $" with early exits ({options.Effort}; the output exit counts from 1)",
            ExitForm.Outputs => " with the logits of early exits as outputs",
            _ => "",
        };

    /// <summary>As transformers.js calls the number format that a file's name stands for.</summary>
    static string Type(Model model) =>
        OnnxModel.FileName(model) switch
        {
            "model.onnx" => "fp32",
            "model_q4.onnx" => "q4",
            _ => "q8",
        };
}
