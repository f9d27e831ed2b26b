using Espalier.Models;

namespace Espalier.Export;

/// <summary>How early exits stand in a file.</summary>
public enum ExitForm
{
    /// <summary>They are left out; the last layer answers.</summary>
    None,

    /// <summary>The logits behind every layer are outputs; whoever runs the model chooses.</summary>
    Outputs,

    /// <summary>An <c>If</c> behind each exit: where all texts of a batch have left, later layers do not run.</summary>
    If,
}

/// <summary>
/// Collects the answers of a model, and decides in the graph who leaves. A text's answer is that of the exit at which it leaves
/// alone, whatever stands beside it in a batch: texts that go on only keep the batch going.
/// </summary>
sealed class OnnxExits(
    OnnxGraph graph,
    OnnxFile file,
    ModelConfig config,
    ExitForm form,
    Effort effort
)
{
    /// <summary>The output with the exit of each text, counted from 1.</summary>
    public const string ExitName = "exit";
    public const string LogitsName = "logits";

    readonly Stack<(string Done, string Logits, string Exit)> _open = new();
    string? _logits;
    string? _exit;
    string? _left;
    string? _before;
    string? _streak;

    OnnxValue Logits =>
        new(
            LogitsName,
            OnnxType.Float,
            config.IsLanguage
                ? ["batch_size", "sequence_length", $"{config.Outputs}"]
                : ["batch_size", $"{config.Outputs}"]
        );

    static OnnxValue Exit => new(ExitName, OnnxType.Int64, ["batch_size"]);

    public bool Asks(int layer) =>
        form == ExitForm.Outputs
        || form == ExitForm.If && (effort.Rule != ExitRule.Exit || layer + 1 >= effort.Threshold);

    /// <returns>False: nobody goes on.</returns>
    public bool Answer(int layer, string logits)
    {
        bool last = layer == config.Layers.Count - 1;
        if (form != ExitForm.If)
        {
            OnnxValue output = last ? Logits : Logits with { Name = $"exit_{layer + 1}.logits" };
            graph.Name(logits, output.Name);
            file.Outputs.Insert(last ? 0 : file.Outputs.Count, output);
            return true;
        }

        if (last || effort.Rule == ExitRule.Exit)
        {
            Settle(layer, logits);
            Close();
            return false;
        }

        string leaves = Leaves(logits);
        Settle(layer, logits);
        _left = _left is null ? leaves : Op("Or", _left, leaves);
        string all = graph.Add(
            "ReduceMin",
            [graph.Add("Cast", [_left], ("to", (int)OnnxType.Int32))],
            ("keepdims", 0)
        );
        _open.Push((graph.Add("Cast", [all], ("to", (int)OnnxType.Bool)), _logits!, _exit!));
        graph.BeginBranch();
        return true;
    }

    /// <summary>Who has not left before takes this exit's answer.</summary>
    void Settle(int layer, string logits)
    {
        if (_left is null)
        {
            (_logits, _exit) = (logits, Each(logits, layer + 1));
            return;
        }

        _exit = Op("Where", _left, _exit!, graph.Constant((long)layer + 1));
        string left = graph.Add("Unsqueeze", [_left, graph.Vector(1)]);
        _logits = Op("Where", left, _logits!, logits);
    }

    /// <summary>Whether each text leaves by the rule: <see cref="Effort.Leaves"/> in the operators of ONNX.</summary>
    string Leaves(string logits)
    {
        string threshold = graph.Constant((float)effort.Threshold);
        switch (effort.Rule)
        {
            case ExitRule.Confidence:
                string shares = graph.Add("Softmax", [logits], ("axis", -1)),
                    largest = graph.Add(
                        "ReduceMax",
                        [shares],
                        ("axes", new long[] { 1 }),
                        ("keepdims", 0)
                    );
                return Op("GreaterOrEqual", largest, threshold);
            case ExitRule.Entropy:
                return Op("Less", Nats(logits), threshold);
            case ExitRule.Normalized:
                string most = graph.Constant(MathF.Log(config.Outputs));
                return Op("LessOrEqual", Op("Div", Nats(logits), most), threshold);
            default:
                return Patient(logits);
        }
    }

    string Nats(string logits)
    {
        string logs = graph.Add("LogSoftmax", [logits], ("axis", -1)),
            weighted = Op("Mul", Op("Exp", logs), logs);
        return Op("Neg", graph.Add("ReduceSum", [weighted, graph.Vector(1)], ("keepdims", 0)));
    }

    /// <summary>By how often in a row the answer stayed.</summary>
    string Patient(string logits)
    {
        string answer = config.Regression
                ? graph.Add("Squeeze", [logits, graph.Vector(1)])
                : graph.Add("ArgMax", [logits], ("axis", 1), ("keepdims", 0)),
            before = _before ?? answer,
            same = config.Regression
                ? Op(
                    "Less",
                    Op("Abs", Op("Sub", answer, before)),
                    graph.Constant((float)Effort.Tolerance)
                )
                : Op("Equal", answer, before),
            longer = Op("Add", _streak ?? graph.Constant(-1L), graph.Constant(1L));

        // The first exit has nothing before it, so its streak is 0 there.
        _streak = Op("Where", same, longer, Each(logits, 0));
        _before = answer;
        return Op("GreaterOrEqual", _streak, graph.Constant((long)effort.Threshold));
    }

    /// <summary>A number for each text.</summary>
    string Each(string logits, long value)
    {
        string some = graph.Add("ArgMax", [logits], ("axis", 1), ("keepdims", 0));
        return Op("Add", Op("Sub", some, some), graph.Constant(value));
    }

    /// <summary>Ends the branches, the innermost first.</summary>
    void Close()
    {
        (string logits, string exit) = (_logits!, _exit!);
        while (_open.TryPop(out var open))
        {
            var goOn = Branch("go_on", logits, exit, _open.Count);
            graph.BeginBranch();
            var leave = Branch("leave", open.Logits, open.Exit, _open.Count);
            string[] outputs = graph.Add(
                "If",
                [open.Done],
                2,
                [("then_branch", leave), ("else_branch", goOn)]
            );
            (logits, exit) = (outputs[0], outputs[1]);
        }

        graph.Name(logits, LogitsName);
        graph.Name(exit, ExitName);
        file.Outputs.Add(Logits);
        file.Outputs.Add(Exit);
    }

    ProtoMessage Branch(string name, string logits, string exit, int depth)
    {
        // Names are those of one model: a branch that hands on what it did not compute says so with a node.
        OnnxValue logitsHere = Logits with { Name = $"{name}_{depth + 1}.logits" },
            exitHere = Exit with { Name = $"{name}_{depth + 1}.exit" };
        graph.Name(logits, logitsHere.Name);
        graph.Name(exit, exitHere.Name);
        return graph.EndBranch($"{name}_{depth + 1}", logitsHere, exitHere);
    }

    string Op(string op, params string[] inputs) => graph.Add(op, inputs);
}
