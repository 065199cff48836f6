;;; recoder.el --- Ghost text, edits and chat by models on this machine  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages, tools, convenience
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A client of the language server recoder-lsp, for eglot and for lsp-mode.
;; docs/editors/emacs.md says how to set it up and what there is.

;;; Code:

(require 'cl-lib)
(require 'project)
(require 'subr-x)
(require 'xref)

(defgroup recoder nil
  "Ghost text, edits and chat by models on this machine."
  :group 'tools
  :prefix "recoder-")

(defcustom recoder-command nil
  "How the server is started: a program and its arguments.
If nil, the program is looked for in `exec-path' and where pipx, uv
and the installation script put it; never in the folder that is open."
  :type '(choice (const :tag "Look for it" nil) (repeat string)))

(defcustom recoder-modes
  '((python-mode . "python") (python-ts-mode . "python")
    (js-mode . "javascript") (js-ts-mode . "javascript") (js2-mode . "javascript")
    (typescript-mode . "typescript") (typescript-ts-mode . "typescript")
    (tsx-ts-mode . "typescriptreact")
    (recoder-chat-mode . "markdown"))
  "Major modes in which Recoder serves, each with what LSP calls its language.
Set it before `recoder-setup'."
  :type '(alist :key-type symbol :value-type string))

(defcustom recoder-settings nil
  "Settings of the server as a plist, by the names in docs/settings.md.
For example (:completion (:max_tokens 32) :models (:chat \"my.gguf\")).
False is `:json-false'.  Customize tells running servers of a change."
  :type 'plist
  :set (lambda (symbol value)
         (set-default symbol value)
         (when (fboundp 'recoder-send-settings)
           (recoder-send-settings))))

(defcustom recoder-ghost-text t
  "Whether suggestions are shown while one types.
If nil, they are offered by completion, or by lsp-mode's own ghost text."
  :type 'boolean)

;;; Connections: what eglot and lsp-mode call a server and a workspace

(defvar recoder-connection-functions nil
  "Functions that return the connection of the current buffer, or nil.")

(cl-defgeneric recoder-request (connection method params done &optional failed)
  "Send the request METHOD with PARAMS, a plist, over CONNECTION.
DONE is called with the answer, objects in it as plists and arrays as
vectors; FAILED, or else `recoder-say', with the words of an error.")

(cl-defgeneric recoder-notify (connection method params)
  "Send the notification METHOD with PARAMS, a plist, over CONNECTION.")

(cl-defgeneric recoder-position (connection position)
  "Return what CONNECTION calls POSITION of the current buffer.")

(cl-defgeneric recoder-point (connection position)
  "Return which position of the current buffer CONNECTION calls POSITION.")

(cl-defgeneric recoder-document (connection)
  "Return what CONNECTION calls the current buffer.")

(cl-defgeneric recoder-root (connection)
  "Return the folder that CONNECTION is about.")

(cl-defgeneric recoder-attach (connection)
  "Have CONNECTION serve the current buffer, too.")

(defun recoder-connection ()
  "Return the connection of the current buffer, or nil."
  (run-hook-with-args-until-success 'recoder-connection-functions))

(defun recoder-connections ()
  "Return all connections."
  (delete-dups
   (delq nil (mapcar (lambda (buffer) (with-current-buffer buffer (recoder-connection))) (buffer-list)))))

(defun recoder-connection-or-lose ()
  "Return the connection of the current buffer, else of its project."
  (or (recoder-connection)
      (when-let ((project (project-current)))
        (cl-find (file-truename (project-root project)) (recoder-connections)
                 :key (lambda (each) (file-truename (file-name-as-directory (recoder-root each))))
                 :test #'equal))
      (user-error "Recoder does not run here; start it by M-x eglot or M-x lsp")))

(defun recoder-server ()
  "Return how the server is started, as a list of strings."
  (or recoder-command
      (let* ((folders (append exec-path '("~/.local/bin" "~/.local/share/recoder-lsp/bin")))
             (found (locate-file "recoder-lsp" (mapcar #'expand-file-name folders) exec-suffixes #'file-executable-p)))
        (and found (list found)))
      (user-error "The program recoder-lsp was not found: install it, or set `recoder-command'")))

(defun recoder-send-settings ()
  "Tell all running servers of `recoder-settings'."
  (dolist (connection (recoder-connections))
    (recoder-notify connection "workspace/didChangeConfiguration" (list :settings (list :recoder recoder-settings)))))

(defun recoder-say (text)
  "Show TEXT in the echo area."
  (message "Recoder: %s" text))

;;; Commands of the server

(defvar recoder--running nil
  "Commands that run, each as (CONNECTION . TOKEN).")

(defun recoder-execute (command &optional options done)
  "Have the server carry out COMMAND with OPTIONS, a plist, on the code at point.
DONE is called with the answer."
  (let* ((connection (recoder-connection-or-lose))
         (place (and (recoder-connection) (recoder--place connection))))
    (recoder-send-command connection command (vector (or (append place options) (make-hash-table))) done)))

(defun recoder-send-command (connection command arguments &optional done)
  "Have CONNECTION carry out COMMAND with the vector ARGUMENTS.
DONE is called with the answer.  `recoder-stop' stops it."
  (let* ((token (format "recoder-%s-%s" command (random most-positive-fixnum)))
         (running (cons connection token))
         (ended (lambda () (setq recoder--running (delq running recoder--running)))))
    (push running recoder--running)
    (recoder-request connection "workspace/executeCommand"
                     (list :command command :arguments arguments :workDoneToken token)
                     (lambda (answer)
                       (funcall ended)
                       (when done (funcall done answer)))
                     (lambda (problem)
                       (funcall ended)
                       (recoder-say problem)))))

(defun recoder--place (connection)
  "Return the selection or point as commands take them over CONNECTION."
  (list :textDocument (recoder-document connection)
        :range (list :start (recoder-position connection (if (use-region-p) (region-beginning) (point)))
                     :end (recoder-position connection (if (use-region-p) (region-end) (point))))))

(defun recoder-stop ()
  "Stop what was asked for by commands and still runs."
  (interactive)
  (unless recoder--running
    (user-error "Recoder has nothing to stop"))
  (pcase-dolist (`(,connection . ,token) recoder--running)
    (recoder-notify connection "window/workDoneProgress/cancel" (list :token token))))

(defun recoder-edit (instruction)
  "Change the selection, or the function at point, as INSTRUCTION says.
Without one, do what a comment at point asks for."
  (interactive "sEdit the code how: ")
  (recoder-execute "recoder.edit" (unless (string-empty-p instruction) (list :instruction instruction))))

(defun recoder-refactor (instruction)
  "Refactor the selection, or the function at point, perhaps as INSTRUCTION says."
  (interactive "sRefactor how (may be empty): ")
  (recoder-execute "recoder.refactor" (unless (string-empty-p instruction) (list :instruction instruction))))

(defun recoder-fix (problem)
  "Fix PROBLEM, what a compiler or linter says of the code at point."
  (interactive (list (read-string "Fix which problem: " (help-at-pt-string))))
  (recoder-execute "recoder.fix" (unless (string-empty-p problem) (list :message (substring-no-properties problem)))))

(defmacro recoder--define-commands (&rest commands)
  "Define COMMANDS without arguments, each as (NAME COMMAND DOCUMENTATION)."
  (macroexp-progn
   (mapcar (pcase-lambda (`(,name ,command ,documentation))
             `(defun ,name ()
                ,documentation
                (interactive)
                (recoder-execute ,command)))
           commands)))

(recoder--define-commands
 (recoder-simplify "recoder.simplify" "Simplify the selection, or the function at point.")
 (recoder-types "recoder.types" "Add types to the selection, or to the function at point.")
 (recoder-docs "recoder.docs" "Document the function or class at point.")
 (recoder-tests "recoder.tests" "Write tests of the function or class at point.")
 (recoder-rename "recoder.rename" "Give the local variable at point the name that the model suggests.")
 (recoder-explain "recoder.explain" "Explain the selection, or the function at point.")
 (recoder-reindex "recoder.reindex" "Index the workspace again.")
 (recoder-status "recoder.status" "Show what the server is doing.")
 (recoder-models "recoder.models" "List the models that are there.")
 (recoder-open-log "recoder.openLog" "Open the log of the server."))

(defun recoder-snooze (minutes)
  "Suggest nothing unasked for MINUTES, the prefix argument or five; 0 ends it."
  (interactive (list (if current-prefix-arg (prefix-numeric-value current-prefix-arg) 5)))
  (recoder-execute "recoder.snooze" (list :minutes minutes)))

(defun recoder-commit-message ()
  "Write a commit message: at point where one is being edited, else to be read."
  (interactive)
  (if (or (derived-mode-p 'log-edit-mode) (equal (file-name-nondirectory (or buffer-file-name "")) "COMMIT_EDITMSG"))
      (let ((buffer (current-buffer)))
        (recoder-execute "recoder.commitMessage" '(:show :json-false)
                         (lambda (answer)
                           (with-current-buffer buffer
                             (insert (plist-get answer :message))))))
    (recoder-execute "recoder.commitMessage")))

(defun recoder-search (query)
  "Search the workspace for QUERY, in words or in code, and list the hits."
  (interactive (list (read-string "Search for: " (thing-at-point 'symbol t))))
  (recoder-execute "recoder.search" (list :query query :show :json-false)
                   (lambda (answer)
                     (let ((hits (mapcar #'recoder--xref (plist-get answer :hits))))
                       (if hits
                           (funcall xref-show-xrefs-function (lambda () hits) `((window . ,(selected-window)) (display-action)))
                         (recoder-say "Nothing was found."))))))

(defun recoder--xref (hit)
  "Return HIT, a passage, as an item of a list of places."
  (let ((line (plist-get (plist-get (plist-get hit :range) :start) :line)))
    (xref-make (format "%s (%s)" (plist-get hit :symbol) (plist-get hit :why))
               (xref-make-file-location (recoder-file-of-uri (plist-get hit :uri)) (1+ line) 0))))

(defun recoder-file-of-uri (uri)
  "Return the file that URI names."
  (decode-coding-string (url-unhex-string (string-remove-prefix "file://" uri)) 'utf-8))

;;; Set-up

;;;###autoload
(defun recoder-setup ()
  "Make Recoder known to eglot and lsp-mode, whichever is used."
  (add-to-list 'auto-mode-alist '("\\.recoder\\.md\\'" . recoder-chat-mode))
  (with-eval-after-load 'eglot (require 'recoder-eglot))
  (with-eval-after-load 'lsp-mode (require 'recoder-lsp-mode)))

(autoload 'recoder-chat-mode "recoder-chat" "Major mode for conversations with Recoder." t)
(autoload 'recoder-chat "recoder-chat" "Show the conversation about this project." t)
(autoload 'recoder-ask "recoder-chat" "Ask about the code." t)
(autoload 'recoder-ghost-mode "recoder-ghost" "Show suggestions behind point." t)

(provide 'recoder)
;;; recoder.el ends here
