" Recoder in Vim, by ALE; docs/editors/vim.md says what there is.
"   g:recoder_executable  the server: recoder-lsp
"   g:recoder_settings    what docs/settings.md lists, such as {'completion': {'max_tokens': 32}}
"   g:recoder_keys        0 leaves Tab alone

if exists('g:loaded_recoder') || v:version < 900
  finish
endif
let g:loaded_recoder = 1

command! -nargs=+ -range -complete=custom,recoder#names Recoder
\ call recoder#run([<f-args>][0], join([<f-args>][1:]), <range>, <line1>, <line2>)

" Virtual text came with this patch.
if has('patch-9.0.0185')
  highlight default link RecoderGhost Comment
  call prop_type_add('recoder', {'highlight': 'RecoderGhost'})
  augroup recoder
    autocmd!
    autocmd TextChangedI * call recoder#ghost#ask()
    autocmd CursorMovedI,InsertLeave * call recoder#ghost#clear()
  augroup END
  if get(g:, 'recoder_keys', 1)
    inoremap <expr> <Tab> recoder#ghost#is_shown() ? "\<Cmd>call recoder#ghost#accept()\<CR>" : "\<Tab>"
  endif
endif
