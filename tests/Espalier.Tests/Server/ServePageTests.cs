using System.Text;
using System.Text.Json;
using Espalier.Tests.House;

namespace Espalier.Tests.Server;

[Trait("tier", "golden")]
public sealed class ServePageTests
{
    const string Page = "docs/serve.md";

    [Fact]
    public async Task Every_request_of_the_page_is_answered()
    {
        await using Serving serving = await Serving.Start();
        string[] lines =
        [
            .. Checkout.Read(Page).Text.Split('\n').Where(l => l.StartsWith("curl ")),
        ];
        Assert.Equal(5, lines.Length);
        foreach (string line in lines)
        {
            string path = new Uri(line.Split(' ')[1]).AbsolutePath,
                body = line[(line.IndexOf("-d '") + 4)..line.LastIndexOf('\'')];
            using StringContent content = new(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await serving.Http.PostAsync(
                path,
                content,
                Serving.Stop
            );
            string answer = await response.Content.ReadAsStringAsync(Serving.Stop);
            Assert.True(response.IsSuccessStatusCode, $"{path}: {answer}");
            if (body.Contains("\"stream\": true"))
            {
                Assert.EndsWith("data: [DONE]\n\n", answer);
            }
            else
            {
                Assert.NotEqual(default, JsonDocument.Parse(answer).RootElement.ValueKind);
            }
        }
    }

    [Fact]
    public void The_limits_that_the_page_names_are_those_of_the_server()
    {
        string page = Checkout.Read(Page).Text;
        Assert.Contains(
            $"more than {Espalier.Server.Api.RequestBody.MostBytes >> 20} MB, more than {Espalier.Server.Api.RequestBody.MostTexts} texts",
            page
        );
        Assert.Contains($"the meter is `{Espalier.Server.Figures.ServerFigures.MeterName}`", page);
    }
}
