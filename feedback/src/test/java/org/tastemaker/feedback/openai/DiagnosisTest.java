package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Words of servers, as their users and documents report them, and whose failure they are. */
class DiagnosisTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "MONEY | 402 | Insufficient Balance",
        "MONEY | 402 | This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 100",
        "MONEY | 400 | ExceededBudget: User=x over budget. Spend=2.0, Budget=1.0",
        "MONEY | 400 | Access denied, please make sure your account is in good standing. Arrearage",
        "MONEY | 403 | Your team has either used all available credits or reached its monthly spending limit.",
        "MONEY | 429 | You have exceeded your monthly included credits for Inference Providers.",
        "PACE | 429 | You exceeded your current quota, please check your plan and billing details.",
        "PACE | 429 | Requests to the ChatCompletions_Create Operation have exceeded the token rate limit of your current pricing tier. Please retry after 20 seconds.",
        "PACE | 429 | Rate limit reached for gpt-4o on requests per min (RPM): Limit 3, Used 3, Requested 1.",
        "SIZE | 429 | Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.",
        "SIZE | 413 | Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7000, please reduce your message size and try again.",
        "SIZE | 413 | Request Entity Too Large",
        "SIZE | 400 | the request exceeds the available context size. try increasing the context size or enable context shift",
        "SIZE | 400 | The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "SIZE | 400 | The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
        "SIZE | 400 | Trying to keep the first 9000 tokens when context the overflows. The model is loaded with context length of only 4096 tokens",
        "KEY | 401 | User not found.",
        "KEY | 400 | API key not valid. Please pass a valid API key.",
        "KEY | 400 | No auth credentials found",
        "CONTENT | 400 | The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "CONTENT | 400 | Your request was rejected as a result of our safety system.",
        "CONTENT | 400 | Content Exists Risk",
        "CONTENT | 403 | Your chosen model requires moderation and your input was flagged for: violence",
        "CONTENT | 400 | Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        "GENERATION | 400 | Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
        "BLIND | 404 | No endpoints found that support image input",
        "BLIND | 400 | Only text inputs are supported",
        "BLIND | 400 | Image content is only supported by certain models",
        "BLIND | 500 | image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        "BLIND | 400 | 'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : value must be a string)]",
        "BLIND | 500 | Failed to process inputs: this model is missing data required for image input",
        "BLIND | 400 | Unknown part type: image_url",
        "IMAGES | 400 | You may only send up to 1 image(s) per request",
        "IMAGES | 400 | At most 4 image(s) may be provided in one prompt.",
        "IMAGES | 400 | This model does not support multiple images",
        "SYSTEM | 400 | Only user, assistant and tool roles are supported, got system.",
        "SYSTEM | 422 | Template error: invalid operation: System role not supported (in <string>:1)",
        "SYSTEM | 400 | Developer instruction is not enabled for models/gemma-3-27b-it",
        "IMAGE | 400 | You uploaded an unsupported image. Please make sure your image is valid.",
        "IMAGE | 400 | Unable to process input image. Please retry or report",
        "IMAGE | 400 | Failed to load image: cannot identify image file",
        "FORM | 400 | This response_format type is unavailable now",
        "FORM | 400 | 'response_format.type' must be 'json_schema' or 'text'",
        "FORM | 400 | The specified schema produces a constraint that has too many states for serving.",
        "FORM | 500 | failed to parse grammar",
        "FORM | 422 | Grammar error: unsupported JSON schema",
        "PARAMETER | 400 | Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "PARAMETER | 403 | You are not allowed to request logprobs from this model",
        "PARAMETER | 400 | `logprobs` is not supported with this model",
        "PARAMETER | 422 | Input validation error: `top_n_tokens` > 5; top_logprobs must be at most 5",
        "MODEL | 404 | The model `x` does not exist or you do not have access to it.",
        "MODEL | 400 | Invalid model name passed in model=x. Call `/v1/models` to view available models",
        "MODEL | 400 | x is not a valid model ID",
        "MODEL | 400 | The model `x` has been decommissioned and is no longer supported.",
        "MODEL | 400 | The chatCompletion operation does not work with the specified model, x.",
        "MODEL | 405 | Method Not Allowed",
        "PERMISSION | 403 | Forbidden",
        "PERMISSION | 403 | Country, region, or territory not supported",
        "PERMISSION | 400 | User location is not supported for the API use.",
        "SERVER | 503 | Loading model",
        "SERVER | 503 | The model is overloaded. Please try again later.",
        "SERVER | 400 | Model unloaded.",
        "SERVER | 503 | Model x is not available now",
        "SERVER | 529 | Overloaded",
        "SERVER | 424 | Request failed during generation",
        "SERVER | 498 | Flex tier capacity exceeded",
        "SERVER | 500 | Internal server error",
        "SHARED | 407 | Proxy Authentication Required",
        "SHARED | 426 | Upgrade Required",
        "UNKNOWN | 400 | Request contains an invalid argument.",
        "UNKNOWN | 400 | Bad Request"
      })
  void theServersWordsSayWhoseFailureItIs(ErrorKind kind, int status, String words) {
    String json = Wire.json(words);
    for (String body :
        List.of(
            "{\"error\":{\"message\":" + json + ",\"type\":\"x\",\"param\":null,\"code\":null}}",
            "[{\"error\":{\"code\":" + status + ",\"message\":" + json + "}}]",
            "{\"error\":" + json + "}",
            "{\"object\":\"error\",\"message\":" + json + ",\"code\":" + status + "}",
            "{\"detail\":" + json + "}",
            "{\"detail\":[{\"loc\":[\"body\"],\"msg\":" + json + "}]}",
            "{\"detail\":{\"error\":" + json + "}}",
            "{\"errors\":[{\"message\":" + json + "}]}",
            "{\"message\":" + json + "}",
            Wire.json(Map.of("error", Map.of("message", "x", "metadata", Map.of("raw", words)))),
            words)) {
      ApiError error = ErrorReader.read(status, body, ApiKey.none());
      assertThat(error.words())
          .as(body)
          .contains(words.substring(0, Math.min(200, words.length())));
      assertThat(Diagnosis.of(error)).as(body).isEqualTo(kind);
    }
    String under200 = "{\"error\":{\"code\":" + status + ",\"message\":" + json + "}}";
    assertThat(Diagnosis.of(ErrorReader.read(200, under200, ApiKey.none()))).isEqualTo(kind);
  }
}
