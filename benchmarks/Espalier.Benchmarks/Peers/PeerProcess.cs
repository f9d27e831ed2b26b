using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Data;

namespace Espalier.Benchmarks.Peers;

/// <summary>ONNX Runtime in a process of its own: <c>benchmarks/peers/peer.js</c>, one JSON line each way.</summary>
sealed class PeerProcess : IDisposable
{
    readonly Process _process;

    public PeerProcess()
    {
        string folder = Folder();
        if (
            !Directory.Exists(Path.Combine(folder, "node_modules"))
            && Environment.GetEnvironmentVariable("NODE_PATH") is null
        )
        {
            throw new InvalidDataException(
                $"{folder} has no node_modules; run 'npm install --ignore-scripts' there."
            );
        }

        ProcessStartInfo start = new("node", [Path.Combine(folder, "peer.js")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process =
            Process.Start(start) ?? throw new InvalidDataException("node could not be started.");
    }

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <exception cref="InvalidDataException">The peer refused it, or is gone.</exception>
    public JsonElement Ask(JsonObject request)
    {
        _process.StandardInput.WriteLine(request.ToJsonString());
        _process.StandardInput.Flush();
        string line =
            _process.StandardOutput.ReadLine()
            ?? throw new InvalidDataException(
                $"The peer ended while it was asked to {request["do"]}; its own words are above."
            );
        JsonElement answer = JsonDocument.Parse(line).RootElement;
        return answer.TryGetProperty("error", out JsonElement error)
            ? throw new InvalidDataException($"The peer refused to {request["do"]}: {error}.")
            : answer;
    }

    /// <param name="model">Path, and the name of the session from now on.</param>
    public void Load(string model, int threads, IEnumerable<(string Key, string Value)> config) =>
        Ask(
            new()
            {
                ["do"] = "load",
                ["model"] = model,
                ["threads"] = threads,
                ["config"] = new JsonObject(
                    config.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))
                ),
            }
        );

    /// <summary>What later runs of that model read: our batches, each padded to its longest sequence.</summary>
    public void Feed(string model, IReadOnlyList<Batch> batches, int padId) =>
        Ask(
            new()
            {
                ["do"] = "feed",
                ["model"] = model,
                ["batches"] = new JsonArray([.. batches.Select(b => Padded(b, padId))]),
            }
        );

    /// <summary>Milliseconds of each pass over those batches.</summary>
    public double[] Run(string model, int from, int count, int passes)
    {
        JsonElement answer = Ask(
            new()
            {
                ["do"] = "run",
                ["model"] = model,
                ["from"] = from,
                ["count"] = count,
                ["passes"] = passes,
            }
        );
        return [.. answer.GetProperty("milliseconds").EnumerateArray().Select(e => e.GetDouble())];
    }

    /// <summary>The states behind the last layer for the first batch, row by row, and the rows of a sequence.</summary>
    public (int Width, float[] Values) States(string model)
    {
        JsonElement answer = Ask(new() { ["do"] = "states", ["model"] = model });
        return (
            answer.GetProperty("width").GetInt32(),
            [.. answer.GetProperty("values").EnumerateArray().Select(e => e.GetSingle())]
        );
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    static JsonObject Padded(Batch batch, int padId)
    {
        int width = Enumerable
            .Range(0, batch.Count)
            .Max(s => batch.Starts[s + 1] - batch.Starts[s]);
        int[] ids = new int[batch.Count * width],
            types = new int[batch.Count * width],
            mask = new int[batch.Count * width];
        Array.Fill(ids, padId);
        for (int s = 0; s < batch.Count; s++)
        {
            int start = batch.Starts[s],
                length = batch.Starts[s + 1] - start;
            batch.Ids.AsSpan(start, length).CopyTo(ids.AsSpan(s * width));
            batch.TypeIds.AsSpan(start, length).CopyTo(types.AsSpan(s * width));
            mask.AsSpan(s * width, length).Fill(1);
        }

        return new()
        {
            ["rows"] = batch.Count,
            ["width"] = width,
            ["ids"] = Numbers(ids),
            ["mask"] = Numbers(mask),
            ["types"] = Numbers(types),
        };
    }

    static JsonArray Numbers(int[] values) => [.. values.Select(v => JsonValue.Create(v))];

    /// <summary>The checkout that this program was built in is somewhere above it.</summary>
    static string Folder()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "benchmarks", "peers");
            if (Directory.Exists(folder))
            {
                return folder;
            }
        }

        throw new InvalidDataException(
            $"benchmarks/peers is not above {AppContext.BaseDirectory}; run the benchmarks from a checkout."
        );
    }
}
