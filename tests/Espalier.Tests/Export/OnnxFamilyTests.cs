using Espalier.Checkpoints;
using Espalier.Cli.Commands;
using Espalier.Data;
using Espalier.Export;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Export;

/// <summary>ONNX Runtime on exports of every family against transformers.</summary>
[Trait("tier", "golden")]
public sealed class OnnxFamilyTests
{
    public static TheoryData<string> Encoders => EncoderGoldenTests.Encoders;
    public static TheoryData<string> Decoders => DecoderGoldenTests.Decoders;

    static string Folder(string name) =>
        Directory.Exists(Golden.Own("families", name))
            ? Golden.Own("families", name)
            : Golden.Path("models", name);

    [Theory]
    [MemberData(nameof(Encoders))]
    public void An_encoder_gives_the_logits_of_transformers_in_a_padded_batch(string name)
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using SafetensorsFile io = SafetensorsFile.Open(
            Path.Combine(Folder(name), "io.safetensors")
        );
        Batch batch = GoldenBatch.Read(io).Batch;
        float[] logits = Onnx.Run(model, Onnx.Plain, batch)["logits"];
        Close.To(logits, io.Read("logits").Span, 2e-5, 1e-4, name);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_decoder_gives_the_logits_of_transformers_at_once_and_behind_a_past(string name)
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        using SafetensorsFile io = SafetensorsFile.Open(
            Path.Combine(Folder(name), "io.safetensors")
        );
        var (batch, rows) = GoldenBatch.Read(io);
        Tensor expected = io.Read("logits");
        int columns = model.Config.Vocabulary,
            wide = expected.Count / columns / batch.Count;
        using TemporaryFolder folder = new();
        string path = folder["model.onnx"];
        OnnxModel.Build(model, Onnx.Plain).Write(path);
        using OnnxRuntimeModel onnx = new(path, 1);
        using (var whole = onnx.Run(batch, model.Config.PadId))
        {
            ReadOnlySpan<float> logits = whole[0].GetTensorDataAsSpan<float>();
            int longest = logits.Length / columns / batch.Count;
            for (int s = 0; s < batch.Count; s++)
            {
                int count = batch.Starts[s + 1] - batch.Starts[s];
                Close.To(
                    logits.Slice(s * longest * columns, count * columns),
                    expected.Span.Slice(rows[batch.Starts[s]] * columns, count * columns),
                    2e-5,
                    1e-4,
                    $"{name}, sequence {s} of {wide} tokens"
                );
            }
        }

        // The first sequence in two pieces.
        int past = batch.Starts[1] / 2;
        using var first = onnx.Run(Piece(0, past), model.Config.PadId);
        using var second = onnx.Run(
            Piece(past, batch.Starts[1]),
            model.Config.PadId,
            [.. first.Skip(1)],
            past
        );
        Close.To(
            second[0].GetTensorDataAsSpan<float>(),
            expected.Span.Slice((rows[0] + past) * columns, (batch.Starts[1] - past) * columns),
            2e-5,
            1e-4,
            $"{name} behind a past"
        );

        Batch Piece(int from, int to) =>
            new()
            {
                Ids = batch.Ids[from..to],
                TypeIds = new int[to - from],
                Starts = [0, to - from],
            };
    }
}
