using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Operators;

namespace Espalier.Runs;

/// <summary>
/// SHA-256 over all that decides what a stage gives, each part with its length in front. Never paths, times or host
/// names; the kernels' name stands for the numeric mode.
/// </summary>
public sealed record StageKey(string Hex)
{
    const string Format = "espalier stage 1";

    /// <summary>How the loss of a language model is summed: in blocks of rows, with the vectors' exponential. The first form was neither.</summary>
    const string LanguageLoss = "language-loss=2";

    /// <summary>Of what a pipeline begins with: the original's files and the data, by their hashes.</summary>
    internal static StageKey Of(Recipe recipe, string kernels, string model, string data) =>
        Hash([
            Format,
            model,
            data,
            recipe.Training.Canonical(),
            $"max-length={recipe.MaxLength}",
            $"seed={recipe.Seed}",
            $"kernels={kernels}",
            .. recipe.Data.Task.Kind is Corpus ? [LanguageLoss] : Array.Empty<string>(),
        ]);

    /// <summary>Of the stage that an operator makes of the one with this key.</summary>
    public StageKey Then(Operator next) =>
        Hash([
            Format,
            Hex,
            next.Canonical(),
            $"version={next.Version}",
            .. next.Inputs.Select(ContentHash.Of),
        ]);

    /// <summary>Of measuring models side by side: which, how, and on what machine.</summary>
    internal static StageKey OfMeasuring(
        IEnumerable<StageKey> models,
        string how,
        string machine
    ) => Hash(["espalier measuring 2", how, machine, .. models.Select(m => m.Hex)]);

    /// <summary>Sixty-four bits of the key, for streams of chance.</summary>
    public ulong Number => BinaryPrimitives.ReadUInt64BigEndian(Convert.FromHexString(Hex));

    public string Short => Hex[..12];

    static StageKey Hash(params ReadOnlySpan<string> parts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[8];
        foreach (string part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return new StageKey(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
