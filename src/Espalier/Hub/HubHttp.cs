using System.Net;
using System.Net.Http.Headers;
using Espalier.Checkpoints;

namespace Espalier.Hub;

/// <summary>
/// Requests to the hub: redirects followed by hand, so that the token is seen by the hub alone; asked again where the hub is busy
/// or the network breaks; every answer begun within a time.
/// </summary>
/// <param name="token">Null: nobody in particular asks.</param>
/// <param name="second">The first pause before something is asked again.</param>
sealed class HubHttp(
    HubSettings settings,
    string? token,
    TimeSpan second,
    Action<string> tell,
    CancellationToken stop
) : IDisposable
{
    const int MostHops = 10;
    const int MostAnswer = 64 << 20;

    readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }
    )
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);

    readonly Uri _endpoint =
        Uri.TryCreate(settings.Endpoint, UriKind.Absolute, out Uri? endpoint)
        && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new InvalidDataException(
                $"HF_ENDPOINT is '{Printable.Escape(settings.Endpoint)}'; an address was expected, such as https://huggingface.co."
            );

    public bool HasToken => token is not null;

    public CancellationToken Stop => _stop.Token;

    /// <summary>Ends all that is under way.</summary>
    public void End() => _stop.Cancel();

    public Retries Retries(string what) => new(what, second, tell, Stop);

    /// <summary>An address of the hub.</summary>
    public Uri At(string path) => new(_endpoint, path);

    /// <summary>The answer to a request, whatever it says but that the hub is busy; its body is not read yet.</summary>
    /// <param name="what">For sentences.</param>
    /// <param name="make">Makes the request to an address, each time it is sent.</param>
    /// <param name="isEnough">Of an answer that sends one elsewhere: whether it says all that is wanted.</param>
    /// <param name="limit">How long the answer may take to begin; null: as settings say.</param>
    /// <param name="isPatient">Whether a hub that cannot be reached is asked again.</param>
    public async Task<HttpResponseMessage> Ask(
        string what,
        Uri address,
        Func<Uri, HttpRequestMessage> make,
        Func<HttpResponseMessage, bool>? isEnough = null,
        Retries? retries = null,
        TimeSpan? limit = null,
        bool isPatient = true
    )
    {
        retries ??= Retries(what);
        while (true)
        {
            HttpResponseMessage? answer = null;
            Exception? broken = null;
            try
            {
                answer = await Follow(what, address, make, isEnough, limit ?? settings.AnswerTime)
                    .ConfigureAwait(false);
                if (!IsPassing(answer.StatusCode))
                {
                    return answer;
                }
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException)
            {
                broken = e;
            }

            using (answer)
            {
                await retries
                    .Again(
                        answer is null
                            ? $"{address.Authority} cannot be reached ({Reason(broken!)})"
                            : $"{address.Authority} answers {(int)answer.StatusCode}",
                        answer?.Headers.RetryAfter is { } after ? Wait(after, answer) : null,
                        broken,
                        isEnough: answer is null && !isPatient
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    /// <summary>A JSON object that the hub answers.</summary>
    /// <exception cref="InvalidDataException">It is no such thing.</exception>
    public async Task<JsonFields> Json(string what, HttpResponseMessage answer)
    {
        using Stream body = await answer.Content.ReadAsStreamAsync(Stop).ConfigureAwait(false);
        using MemoryStream bytes = new();
        byte[] buffer = new byte[1 << 16];
        try
        {
            for (
                int read;
                (read = await Read(body, buffer, settings.AnswerTime).ConfigureAwait(false)) > 0;

            )
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > MostAnswer)
                {
                    throw new InvalidDataException(
                        $"{what}: the hub's answer is longer than {MostAnswer:N0} bytes; check HF_ENDPOINT."
                    );
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException)
        {
            throw new HubException(
                $"{what}: the hub's answer broke off ({Reason(e)}); try again.",
                e
            );
        }

        return JsonFile.Parse($"{what}: the hub's answer", bytes.ToArray());
    }

    /// <summary>The next bytes of a body, 0 at its end.</summary>
    /// <exception cref="TimeoutException">For too long nothing came.</exception>
    public async ValueTask<int> Read(Stream body, Memory<byte> buffer, TimeSpan? limit = null)
    {
        TimeSpan time = limit ?? settings.SilenceTime;
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(
            Stop
        );
        silence.CancelAfter(time);
        try
        {
            return await body.ReadAsync(buffer, silence.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!Stop.IsCancellationRequested)
        {
            throw Late(time, e);
        }
    }

    /// <summary>What broke, in a few words.</summary>
    public static string Reason(Exception e) =>
        (e is HttpRequestException { InnerException: { } inner } ? inner : e).Message.TrimEnd('.');

    public void Dispose()
    {
        _http.Dispose();
        _stop.Dispose();
    }

    async Task<HttpResponseMessage> Follow(
        string what,
        Uri address,
        Func<Uri, HttpRequestMessage> make,
        Func<HttpResponseMessage, bool>? isEnough,
        TimeSpan limit
    )
    {
        for (int hop = 0; hop < MostHops; hop++)
        {
            using HttpRequestMessage request = make(address);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("espalier", null));
            // What is compressed on the way has another length, and a hash that says so.
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            if (token is not null && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            HttpResponseMessage answer = await Send(request, limit).ConfigureAwait(false);
            if (
                answer.StatusCode
                    is not (
                        HttpStatusCode.MovedPermanently
                        or HttpStatusCode.Found
                        or HttpStatusCode.SeeOther
                        or HttpStatusCode.TemporaryRedirect
                        or HttpStatusCode.PermanentRedirect
                    )
                || answer.Headers.Location is not { } location
                || isEnough?.Invoke(answer) == true
            )
            {
                return answer;
            }

            using (answer)
            {
                Uri next = new(address, location);
                bool keeps =
                    request.Method == HttpMethod.Get
                    || request.Method == HttpMethod.Head
                    || IsHub(next)
                        && answer.StatusCode
                            is HttpStatusCode.TemporaryRedirect
                                or HttpStatusCode.PermanentRedirect;
                if (
                    !keeps
                    || next.Scheme is not ("http" or "https")
                    || next.Scheme == "http" && address.Scheme == "https"
                )
                {
                    throw new HubException(
                        $"{what}: {address.Authority} sends a {request.Method} on to {Printable.Escape(next.GetLeftPart(UriPartial.Path))}, where it is not followed; check HF_ENDPOINT."
                    );
                }

                address = next;
            }
        }

        throw new HubException(
            $"{what}: {_endpoint.Authority} sends one on {MostHops} times; check HF_ENDPOINT."
        );
    }

    async Task<HttpResponseMessage> Send(HttpRequestMessage request, TimeSpan limit)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        late.CancelAfter(limit);
        try
        {
            return await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, late.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!Stop.IsCancellationRequested)
        {
            throw Late(limit, e);
        }
    }

    /// <summary>The hub itself, and no host that it sends one to: port and scheme belong to it.</summary>
    bool IsHub(Uri address) =>
        Uri.Compare(
            address,
            _endpoint,
            UriComponents.SchemeAndServer,
            UriFormat.Unescaped,
            StringComparison.OrdinalIgnoreCase
        ) == 0;

    static TimeoutException Late(TimeSpan limit, Exception cause) =>
        new($"nothing came for {limit.TotalSeconds:0.#} seconds", cause);

    static bool IsPassing(HttpStatusCode status) =>
        status
            is HttpStatusCode.RequestTimeout
                or HttpStatusCode.TooManyRequests
                or HttpStatusCode.InternalServerError
                or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout;

    /// <summary>Seconds, or a time by the hub's own clock.</summary>
    static TimeSpan? Wait(RetryConditionHeaderValue after, HttpResponseMessage answer) =>
        after.Delta
        ?? (
            after.Date is { } date && answer.Headers.Date is { } now && date > now
                ? date - now
                : null
        );
}
