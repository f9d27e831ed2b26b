using System.Text.Json.Nodes;
using Espalier.Checkpoints;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

/// <summary>The toy model as a folder that others might have written: its config changed, its tensors called otherwise.</summary>
sealed class Foreign : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("espalier-foreign-").FullName;

    public string Folder => Path.Combine(_root, "model");

    public Foreign(Model? model = null)
    {
        ModelFolder.Save(model ?? Toy.Model, Folder, Toy.Tokenizer.Files());
        File.Delete(Path.Combine(Folder, ModelFolder.OursName));
    }

    /// <summary>Sets fields of config.json; a value is JSON, null takes the field out.</summary>
    public Foreign With(params ReadOnlySpan<(string Field, string? Json)> fields)
    {
        string path = Path.Combine(Folder, ModelFolder.ConfigName);
        JsonObject config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        foreach (var (field, json) in fields)
        {
            config.Remove(field);
            if (json is not null)
            {
                config[field] = JsonNode.Parse(json);
            }
        }

        File.WriteAllText(path, config.ToJsonString());
        return this;
    }

    public Foreign Renamed(Func<string, string> name)
    {
        string path = Path.Combine(Folder, WeightFiles.SingleName);
        SafetensorsWriter writer = new([]);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            foreach (TensorEntry entry in file.Tensors)
            {
                writer.Add(name(entry.Name), file.Read(entry.Name), DType.F32);
            }
        }

        File.Delete(path);
        writer.Write(path);
        return this;
    }

    public string Write(string name, string text)
    {
        string path = Path.Combine(_root, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
