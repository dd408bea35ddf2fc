@echo off
rem Starts the program without warnings on every JDK from 17 up: an older one ignores what it does not know.
set JAVA=java
if not "%JAVA_HOME%"=="" set JAVA=%JAVA_HOME%\bin\java
"%JAVA%" -XX:+IgnoreUnrecognizedVMOptions --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -jar "%~dp0tastemaker-cli.jar" %*
