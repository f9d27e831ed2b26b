using Espalier.Hub;

namespace Espalier.Tests.Hub;

public sealed class HubIdTests
{
    [Theory]
    [InlineData("owner/name", "models--owner--name", null, null)]
    [InlineData("owner/na.me-1@v1.0", "models--owner--na.me-1", "v1.0", null)]
    [InlineData("owner/name@refs/pr/1", "models--owner--name", "refs/pr/1", null)]
    [InlineData("hf://owner/name", "models--owner--name", null, null)]
    [InlineData("hf://models/owner/name/", "models--owner--name", null, null)]
    [InlineData("hf://owner/name/a/b.gguf", "models--owner--name", null, "a/b.gguf")]
    [InlineData("hf://datasets/o/n@main/x/y.parquet", "datasets--o--n", "main", "x/y.parquet")]
    [InlineData(
        "hf://datasets/o/n@refs/convert/parquet/x",
        "datasets--o--n",
        "refs/convert/parquet",
        "x"
    )]
    [InlineData("hf://datasets/squad", "datasets--squad", null, null)]
    [InlineData("hf://gpt2", "models--gpt2", null, null)]
    public void A_name_says_what_lies_where(
        string text,
        string folder,
        string? revision,
        string? file
    )
    {
        HubId id = HubId.TryParse(text)!;
        Assert.Equal((folder, revision, file), (id.Folder, id.Revision, id.File));
        Assert.Equal(text.TrimEnd('/').Replace("models/", ""), id.ToString());
    }

    [Theory]
    [InlineData("a/b/c")]
    [InlineData("../name")]
    [InlineData("owner/.name")]
    [InlineData("owner/name@../x")]
    [InlineData("hf://")]
    [InlineData("hf://owner/name/../x")]
    [InlineData("hf://owner/name//x")]
    [InlineData("hf://owner/name/a\\b")]
    [InlineData("hf://owner/name\n")]
    [InlineData("https://huggingface.co/a/b")]
    public void What_leads_elsewhere_is_no_name(string text) => Assert.Null(HubId.TryParse(text));
}
