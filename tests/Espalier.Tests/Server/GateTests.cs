using System.Net;
using Espalier.Server;

namespace Espalier.Tests.Server;

public sealed class GateTests
{
    const string Key = "0123456789abcdefghij";

    [Fact]
    public async Task With_a_key_only_those_who_bring_it_are_answered_but_whoever_watches_needs_none()
    {
        await using Serving serving = await Serving.Start(new ServerOptions { Key = Key });
        Assert.Contains(
            "Authorization: Bearer",
            await serving.Refused(401, "/v1/classify", new { input = "good" })
        );
        foreach (string wrong in (string[])["Bearer ", $"Bearer {Key}x", $"Basic {Key}", Key])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models");
            request.Headers.TryAddWithoutValidation("Authorization", wrong);
            using HttpResponseMessage response = await serving.Http.SendAsync(
                request,
                Serving.Stop
            );
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }

        Assert.Equal("ok\n", await serving.Http.GetStringAsync("/health", Serving.Stop));
        Assert.Equal("ready\n", await serving.Http.GetStringAsync("/ready", Serving.Stop));
        serving.Http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        await serving.Ask("/v1/classify", new { input = "good" });
        Assert.DoesNotContain(Key, await serving.Metrics());
    }

    [Fact]
    public async Task Without_a_key_a_name_that_points_here_from_elsewhere_is_refused()
    {
        await using Serving serving = await Serving.Start();
        foreach (
            var (host, status) in (IReadOnlyList<(string, int)>)
                [
                    ("evil.example", 403),
                    ("192.168.1.7:80", 403),
                    ("localhost:1", 200),
                    ("[::1]", 200),
                ]
        )
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models");
            request.Headers.Host = host;
            using HttpResponseMessage response = await serving.Http.SendAsync(
                request,
                Serving.Stop
            );
            Assert.Equal((host, status), (host, (int)response.StatusCode));
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/appsettings.json")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/v1/models/..%2f..%2fetc%2fpasswd")]
    [InlineData("/predict")]
    public async Task No_other_path_leads_anywhere(string path)
    {
        await using Serving serving = await Serving.Start();
        using HttpResponseMessage response = await serving.Http.GetAsync(path, Serving.Stop);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("error", await response.Content.ReadAsStringAsync(Serving.Stop));
    }

    [Fact]
    public void An_address_of_others_demands_a_key_and_a_key_has_a_length()
    {
        ServerOptions open = new() { Address = IPAddress.Any };
        Assert.Contains("there is no key", open.Problem);
        Assert.Null((open with { Key = Key }).Problem);
        Assert.Contains("16 characters", (open with { Key = "short" }).Problem);
        Assert.Null(new ServerOptions { Address = IPAddress.IPv6Loopback }.Problem);
    }
}
