using Espalier.Answering;
using Espalier.Models;
using Espalier.Text;
using Microsoft.ML.OnnxRuntime;

namespace Espalier.Benchmarks.Peers;

/// <summary>How ONNX Runtime is given the texts that wait together.</summary>
enum OnnxWay
{
    /// <summary>One batch, padded to its longest text.</summary>
    Together,

    /// <summary>One behind the other, nothing padded, each on all threads.</summary>
    OneByOne,

    /// <summary>As many at once as there are threads, nothing padded, each on one thread.</summary>
    SideBySide,
}

/// <summary>An encoder in ONNX Runtime that answers in the place of ours. What it computes stands for logits: its first two states.</summary>
sealed class OnnxEngine : IDisposable
{
    readonly InferenceSession _session;
    readonly RunOptions _run = new();
    readonly ModelConfig _config;
    readonly OnnxWay _way;
    readonly int _threads;

    public OnnxEngine(string path, ModelConfig config, OnnxWay way, int threads)
    {
        (_config, _way, _threads) = (config, way, threads);
        using SessionOptions options = new()
        {
            IntraOpNumThreads = way == OnnxWay.SideBySide ? 1 : threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        foreach (var (name, value) in PeersTable.Settings)
        {
            options.AddSessionConfigEntry(name, value);
        }

        _session = new InferenceSession(path, options);
    }

    public IReadOnlyList<Prediction> Answer(ReadOnlySpan<TokenIds> texts)
    {
        if (_way == OnnxWay.Together)
        {
            return Run(texts);
        }

        TokenIds[] all = [.. texts];
        Prediction[] answers = new Prediction[all.Length];
        Parallel.For(
            0,
            all.Length,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = _way == OnnxWay.SideBySide ? _threads : 1,
            },
            i => answers[i] = Run([all[i]])[0]
        );
        return answers;
    }

    public void Dispose()
    {
        _session.Dispose();
        _run.Dispose();
    }

    Prediction[] Run(ReadOnlySpan<TokenIds> texts)
    {
        int longest = 0;
        foreach (TokenIds text in texts)
        {
            longest = Math.Max(longest, text.Ids.Length);
        }

        long[] ids = new long[texts.Length * longest],
            mask = new long[ids.Length],
            types = new long[ids.Length];
        for (int s = 0; s < texts.Length; s++)
        {
            for (int t = 0; t < texts[s].Ids.Length; t++)
            {
                int at = s * longest + t;
                (ids[at], mask[at], types[at]) = (texts[s].Ids[t], 1, texts[s].TypeIds[t]);
            }
        }

        long[] shape = [texts.Length, longest];
        using OrtValue idValue = OrtValue.CreateTensorValueFromMemory(ids, shape),
            maskValue = OrtValue.CreateTensorValueFromMemory(mask, shape),
            typeValue = OrtValue.CreateTensorValueFromMemory(types, shape);
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(
            _run,
            ["input_ids", "attention_mask", "token_type_ids"],
            [idValue, maskValue, typeValue],
            [_session.OutputNames[0]]
        );
        ReadOnlySpan<float> states = outputs[0].GetTensorDataAsSpan<float>();
        int width = states.Length / texts.Length;
        Prediction[] answers = new Prediction[texts.Length];
        for (int s = 0; s < answers.Length; s++)
        {
            answers[s] = Prediction.From(
                _config,
                states.Slice(s * width, _config.Outputs),
                _config.Layers.Count - 1
            )!;
        }

        return answers;
    }
}
