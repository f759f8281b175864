@rem Nightly backup for the Windows Task Scheduler. Copy this file to C:\bulkvm, and change it as needed.
@rem Run "bulkvm login clinic" once as the user of the task, who needs the right "Log on as a batch job". Then:
@rem   schtasks /Create /TN "bulkvm backup" /SC DAILY /ST 02:15 /RU CLINIC\bulkvm /RP * /TR C:\bulkvm\bulkvm-backup.cmd
@rem The exit code is the "Last Run Result" of the task.
@C:\bulkvm\Scripts\bulkvm.exe backup D:\Backups --site clinic --keep 30 2>>C:\bulkvm\backup.log
@exit /b %ERRORLEVEL%
