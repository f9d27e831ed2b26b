using System.Runtime.InteropServices;
using Espalier.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Espalier.Cli.Commands;

/// <summary>An ONNX file as ONNX Runtime runs it.</summary>
sealed class OnnxRuntimeModel : IDisposable
{
    readonly RunOptions _options = new();
    readonly InferenceSession _session;

    /// <exception cref="InvalidDataException">ONNX Runtime refuses the file.</exception>
    public OnnxRuntimeModel(string path, int threads)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = Explaining(() => new InferenceSession(path, options));
    }

    /// <summary>Why nothing can be run here; null: it can.</summary>
    public static string? Missing
    {
        get
        {
            try
            {
                _ = Version;
                return null;
            }
            catch (Exception e) when (e is DllNotFoundException or TypeInitializationException)
            {
                return $"ONNX Runtime's library for {RuntimeInformation.RuntimeIdentifier} is not here, and an export to ONNX is run before it is shown; export on linux-x64, linux-arm64, win-x64, win-arm64 or osx-arm64, or say --to hf or --to gguf.";
            }
        }
    }

    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<string> Outputs => _session.OutputNames;

    /// <summary>Answers some sequences of a batch, padded to the longest of them. Dispose what it gives.</summary>
    /// <param name="past">Keys and values of what came before, in the order of the inputs; null: nothing did.</param>
    /// <param name="before">Tokens that came before.</param>
    public IDisposableReadOnlyCollection<OrtValue> Run(
        Batch batch,
        int padId,
        IReadOnlyList<OrtValue>? past = null,
        int before = 0
    )
    {
        int longest = 0;
        for (int s = 0; s < batch.Count; s++)
        {
            longest = Math.Max(longest, batch.Starts[s + 1] - batch.Starts[s]);
        }

        long[] ids = new long[batch.Count * longest],
            types = new long[ids.Length],
            places = new long[ids.Length],
            mask = new long[batch.Count * (before + longest)];
        Array.Fill(ids, padId);
        for (int s = 0; s < batch.Count; s++)
        {
            int count = batch.Starts[s + 1] - batch.Starts[s];
            mask.AsSpan(s * (before + longest), before + count).Fill(1);
            for (int t = 0; t < count; t++)
            {
                int at = s * longest + t;
                (ids[at], types[at], places[at]) = (
                    batch.Ids[batch.Starts[s] + t],
                    batch.TypeIds[batch.Starts[s] + t],
                    before + t
                );
            }
        }

        List<OrtValue> made = [];
        List<OrtValue> inputs = [];
        try
        {
            foreach (string name in _session.InputNames)
            {
                OrtValue input =
                    name.StartsWith("past_key_values.", StringComparison.Ordinal)
                    && past is not null
                        ? past[inputs.Count - Plain()]
                        : Made(name);
                inputs.Add(input);
            }

            return Explaining(() =>
                _session.Run(_options, _session.InputNames, inputs, _session.OutputNames)
            );
        }
        finally
        {
            made.ForEach(m => m.Dispose());
        }

        OrtValue Made(string name)
        {
            OrtValue value = name switch
            {
                "input_ids" => Matrix(ids),
                "attention_mask" => Matrix(mask),
                "token_type_ids" => Matrix(types),
                "position_ids" => Matrix(places),
                _ => OrtValue.CreateAllocatedTensorValue(
                    OrtAllocator.DefaultInstance,
                    TensorElementType.Float,
                    Empty(name)
                ),
            };
            made.Add(value);
            return value;
        }

        OrtValue Matrix(long[] values) =>
            OrtValue.CreateTensorValueFromMemory(
                values,
                [batch.Count, values.Length / batch.Count]
            );

        long[] Empty(string name)
        {
            int[] shape = _session.InputMetadata[name].Dimensions;
            return [batch.Count, shape[1], 0, shape[3]];
        }

        int Plain() =>
            _session.InputNames.Count(n =>
                !n.StartsWith("past_key_values.", StringComparison.Ordinal)
            );
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    static T Explaining<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException(
                $"ONNX Runtime {Version} refuses the export: {e.Message.TrimEnd('.')}.",
                e
            );
        }
    }
}
