package org.tastemaker.feedback.openai;

import okhttp3.MultipartBody;
import okhttp3.RequestBody;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;
import retrofit2.Call;
import retrofit2.http.Body;
import retrofit2.http.DELETE;
import retrofit2.http.GET;
import retrofit2.http.Multipart;
import retrofit2.http.POST;
import retrofit2.http.Part;
import retrofit2.http.Path;
import retrofit2.http.Query;
import retrofit2.http.Tag;
import retrofit2.http.Url;

/**
 * The parts of the API that are used. Answers come as bytes, which {@link AnswerJson} reads. Paths
 * are relative to the base URL, which ends in a slash.
 */
interface OpenAiService {
  @POST("chat/completions")
  Call<ResponseBody> chat(@Body ChatWire.Request request);

  @POST("responses")
  Call<ResponseBody> respond(@Body ResponsesWire.Request request);

  @POST("images/generations")
  Call<ResponseBody> generate(@Body ImagesWire.Request request);

  @Multipart
  @POST("files")
  Call<ResponseBody> upload(@Part("purpose") RequestBody purpose, @Part MultipartBody.Part file);

  @GET("files/{id}/content")
  Call<ResponseBody> content(@Path("id") String id, @Tag Signed signed);

  @DELETE("files/{id}")
  Call<ResponseBody> deleteFile(@Path("id") String id, @Tag Signed signed);

  @POST("batches")
  Call<ResponseBody> createBatch(@Body BatchWire.Create request);

  @GET("batches/{id}")
  Call<ResponseBody> batch(@Path("id") String id, @Tag Signed signed);

  @GET("batches")
  Call<ResponseBody> batches(
      @Query("limit") int limit, @Query("after") @Nullable String after, @Tag Signed signed);

  @POST("batches/{id}/cancel")
  Call<ResponseBody> cancelBatch(@Path("id") String id);

  /** Fetches a file that an answer points to, which may be anywhere: goes without the key. */
  @GET
  Call<ResponseBody> download(@Url String url);
}
