package org.tastemaker.feedback.openai;

import java.util.List;
import java.util.regex.Pattern;

/** By which words of a server a failure is recognised; all are searched in small letters. */
final class ErrorWords {
  /** Codes and words of an account without money or credit; waiting does not help. */
  static final Pattern MONEY =
      any(
          "insufficient[_ ](?:quota|balance|credit|fund|user_quota)",
          "insufficient account balance",
          "(?:balance|quota|credits?) (?:is |are )?(?:insufficient|not enough)",
          "credit_balance_exhausted",
          "credit balance is too low",
          "(?:organization|project)_(?:spend|usage)_limit_exceeded",
          "spend(?:ing)?[_ ]limit",
          "(?:monthly|credit|key|total|budget|usage) limit (?:has been )?(?:exceeded|reached)",
          "billing_(?:hard_limit_reached|not_active)",
          "billing hard limit",
          "account is not active, please check your billing",
          "budget_?exceeded",
          "budget has been exceeded",
          "exceeded(?: your| the|[a-z ]*)? ?budget",
          "over budget",
          "payment[_ ]required",
          "exceeded_current_quota_error",
          "out of credits?",
          "no (?:remaining )?credits? (?:left|remaining)",
          "(?:used|spent|exhausted|exceeded) (?:up )?(?:all |your )*(?:available |monthly |included )*credits",
          "requires more credits",
          "arrear",
          "accountoverdue",
          "overdue balance",
          "please (?:recharge|top up|add credits|add funds)",
          "negative balance");

  static final Pattern PACE =
      any(
          "rate_limit",
          "ratelimit",
          "resource_exhausted",
          "too[_ ]many[_ ]requests",
          "throttl(?:ed|ing)",
          "slow_down");

  /** Of the limits of a day, which no short wait helps. */
  static final Pattern DAILY =
      any("per[_ -]?day", "perday", "daily", "\\b[rt]pd\\b", "a day", "24 hours");

  static final Pattern SIZE =
      any(
          "context_length",
          "context length",
          "context window",
          "context size",
          "exceed_context_size",
          "maximum model length",
          "max_model_len",
          "max[_ ]seq(?:uence)?[_ ]len",
          "prompt is too long",
          "(?:prompt|input|message|request|decoder prompt)s?[a-z() ]* (?:is|are) too (?:long|large)",
          "input length",
          "too many (?:input |prompt |total )?tokens",
          "(?:input|prompt) tokens?[^.]{0,40}exceed",
          "exceeds?[^.]{0,40}(?:number of |input |prompt )tokens",
          "`inputs`",
          "reduce the length",
          "request too large",
          "request entity too large",
          "payload too large");

  static final Pattern KEY =
      any(
          "invalid[_ ]api[_ ]?key",
          "incorrect api key",
          "api[_ ]key[_ ](?:not valid|invalid|expired|not found)",
          "api key (?:is )?(?:missing|required|not provided)",
          "no auth credentials",
          "authentication_error",
          "unauthenticated",
          "missing authentication",
          "invalid authentication");

  static final Pattern MODEL =
      any(
          "model[_ ]?not[_ ]?(?:found|exist|available)",
          "model_decommissioned",
          "no such model",
          "unknown model",
          "invalid model",
          "not a valid model",
          "model[^.]{0,80} (?:does not exist|not found"
              + "|has been (?:deprecated|decommissioned|retired|removed))",
          "deploymentnotfound",
          "operationnotsupported",
          "not a chat model",
          "no models? loaded",
          "does not work with the specified model",
          "did you mean to use v1/",
          "unexpected endpoint",
          "(?:unknown|invalid) (?:url|endpoint|route|path)");

  /** Of a model that may be there later, where the status says so. */
  static final Pattern NO_MODEL = any("model[^.]{0,80} is not (?:available|loaded|served)");

  static final Pattern PERMISSION =
      any(
          "location is not supported",
          "unsupported_country",
          "country, region, or territory not supported",
          "permission_denied");

  /** Of a form, where the status says that it is about the request. */
  static final Pattern FORM = any("\\bschemas?\\b");

  /** Of what is not recognised by its status, in this order. */
  static final List<Rule> RULES =
      List.of(
          new Rule(
              ErrorKind.SERVER,
              any(
                  "model unloaded",
                  "(?:currently|still|is) loading",
                  "loading (?:the )?model",
                  "model (?:has )?crashed",
                  "no healthy upstream",
                  "overloaded")),
          new Rule(
              ErrorKind.CONTENT,
              any(
                  "content_policy",
                  "content policy",
                  "content_filter",
                  "content filter",
                  "content management policy",
                  "moderation_blocked",
                  "responsibleaipolicyviolation",
                  "data_?inspection_?failed",
                  "safety system",
                  "usage polic(?:y|ies)",
                  "(?:was|were|been|is) flagged",
                  "prohibited_content",
                  "content exists risk",
                  "sensitive_words",
                  "inappropriate content",
                  "input_?moderation")),
          new Rule(
              ErrorKind.GENERATION,
              any(
                  "json_validate_failed",
                  "output_parse_failed",
                  "tool_use_failed",
                  "failed to generate (?:valid )?json",
                  "failed to validate json",
                  "failed_generation")),
          new Rule(
              ErrorKind.BLIND,
              any(
                  "(?:not|n't) support (?:image|vision|multimodal|multi-modal|visual)",
                  "no endpoints found that support image",
                  "image(?:s|_url| input| inputs| content)? (?:is|are)(?: currently)? not (?:supported|enabled"
                      + "|allowed|available)",
                  "image(?:s|_url| content| input| inputs)? (?:is|are) only supported",
                  "image(?:s|_url)? (?:is|are) unsupported",
                  "unsupported content type[^.]{0,20}image",
                  "unknown variant [`'\"]?(?:image|input_image)",
                  "unknown (?:part|content)(?: part)? type[^.]{0,20}image",
                  "invalid content type[^.]{0,4} image_url",
                  "not a (?:multimodal|multi-modal|vision)",
                  "is text[- ]only",
                  "only (?:supports? )?text (?:inputs?|content|messages?)",
                  "(?:content|value) must be a string",
                  "content' ?:? (?:input should be|value is not) a valid string",
                  "missing data required for image input",
                  "mmproj",
                  "unmarshal array into[^,]{0,60}content",
                  "without (?:vision|image) (?:support|capabilit)",
                  "vision is not (?:supported|enabled)",
                  "no vision")),
          new Rule(
              ErrorKind.IMAGES,
              any(
                  "(?:at most|up to|maximum of|max of|limit of|only|more than|exceeds?|over) (?:the"
                      + " |a )?(?:\\d+|one|two|single)[^.]{0,12} images?\\b",
                  "supports? (?:only )?(?:\\d+|one|a single) images?\\b",
                  "too many images",
                  "(?:maximum|max|allowed) number of images",
                  "number of images[^.]{0,30}(?:exceed|must be|limit)",
                  "images? (?:count|limit)[^.]{0,20}exceed",
                  "(?:multiple|multi) ?-?images? (?:is|are|inputs?)[^.]{0,12}not supported",
                  "(?:not|n't) support multiple images",
                  "limit[-_]mm[-_]per[-_]prompt")),
          new Rule(
              ErrorKind.SYSTEM,
              any(
                  "system (?:role|message|prompt|instruction)s?[^.]{0,30}(?:not (?:supported|enabled"
                      + "|allowed)|unsupported)",
                  "developer (?:role|message|instruction)s?[^.]{0,30}not (?:supported|enabled)",
                  "(?:not|n't) support (?:the )?[`'\"]?(?:system|developer)[`'\"]?"
                      + "(?: role| message| prompt| instruction| with)",
                  "roles must alternate",
                  "only user(?:,| and) assistant",
                  "(?:unknown|unsupported|invalid|unexpected)(?: message)? role[^.]{0,12}system")),
          new Rule(
              ErrorKind.IMAGE,
              any(
                  "invalid_image",
                  "image_parse_error",
                  "image_too_(?:large|small)",
                  "image_file_too_large",
                  "empty_image",
                  "invalid_base64",
                  "unsupported_image_media_type",
                  "unsupported image",
                  "(?:unable|failed|could not|cannot|error) (?:to )?(?:process|load|decode|read|open"
                      + "|parse|identify)[^.]{0,30}image",
                  "invalid image",
                  "image (?:size|dimension|resolution)s?[^.]{0,30}(?:exceed|too|must|limit)")),
          new Rule(
              ErrorKind.FORM,
              any(
                  "response_?format",
                  "json_?schema",
                  "json_object",
                  "text\\.format",
                  "\\bgrammars?\\b",
                  "xgrammar",
                  "outlines",
                  "llguidance",
                  "lm-?format-?enforcer",
                  "guided[_ ](?:decoding|json|grammar|generation)",
                  "structured[_ ]outputs?",
                  "(?:min|max|unique)items",
                  "additionalproperties",
                  "json mode")));

  private ErrorWords() {}

  /** Words of a kind. */
  record Rule(ErrorKind kind, Pattern words) {}

  private static Pattern any(String... alternatives) {
    return Pattern.compile(String.join("|", alternatives));
  }
}
